"""Small shards of real pictures: the embedded data, written as img2dataset and others would."""

from scripts import make_shards
from scripts.make_shards import encoded, members, write_img2dataset, write_tar

__all__ = ["encoded", "members", "pairs", "write_img2dataset", "write_tar"]


def pairs(embedded, count, first=0):
    """Captions and images (JPEG, PNG and WebP in turn) of the training pool: rows of key, kind, image, caption, uid."""
    uids = embedded.pool()["uid"].to_list()[first : first + count]
    return make_shards.pairs(embedded, uids, first, list(make_shards.KINDS))
