"""One process's share of a scoring, from the data to the files."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from study.data.index import Piece
from study.data.piece_pairs import pairs_of
from study.data.pixels import PASSING
from study.data.place import open_source
from study.data.samples import Samples
from study.data.source import Source
from study.scoring.files import ScoreFiles
from study.scoring.open_clip_model import open_clip_scorer
from study.scoring.pairs import decoded_chunks, opened
from study.scoring.progress import Done, Tell
from study.scoring.request import OpenClipRef, Request, Scored, scored_by_runs
from study.scoring.runs import run_scorers
from study.scoring.scorer import Scorer
from study.scoring.share import Share, shared, starts
from study.scoring.similarity import Decoded, similarities
from study.train.device import Place, place


def score_share(request: Request, share: Share, tell: Tell) -> None:
    """Score what is not yet scored of a process's share; raises a StudyError for what the user has to mend."""
    source = open_source(request.source, request.results)
    with place(request.device, request.threads) as here:
        scorers, scored = _scorers(request, here)
        files = ScoreFiles(source, request.out, scored)
        for piece, own in shared(source.index().pieces, request.chunk, share):
            if files.is_done(piece):
                files.clear(piece)
                again = files.passed_over(piece) if 0 in own else []  # of whoever has the piece's first chunk
                tell(Done(kept=_pairs(own, piece, request.chunk) - len(again)))
                if again:
                    _try_again(request, pairs_of(source, piece, again), piece, scorers, files, tell)
            else:
                _score(request, source, piece, own, scorers, files, tell)


def _scorers(request: Request, here: Place) -> tuple[Sequence[Scorer], Scored]:
    if isinstance(request.by, OpenClipRef):
        scorer, scored = open_clip_scorer(request, request.by, here)
        return [scorer], scored
    return run_scorers(request.by, here), scored_by_runs(request, request.by)


def _score(
    request: Request,
    source: Source,
    piece: Piece,
    own: Sequence[int],
    scorers: Sequence[Scorer],
    files: ScoreFiles,
    tell: Tell,
) -> None:
    samples = opened(source, piece)
    left = [start for start in own if not files.part(piece, start).exists()]
    there = [start for start in own if start not in left]
    tell(Done(kept=_pairs(there, piece, request.chunk)))
    for start, pairs in decoded_chunks(samples, left, request.chunk, {scorer.frame for scorer in scorers}):
        scores, missing = _similarities(scorers, pairs, request.batch)
        files.write_part(piece, start, list(pairs.uids), scores, missing)
        tell(Done(scored=len(pairs.uids), missing=scores.null_count()))
    files.finish(piece, starts(piece, request.chunk), samples.uids)


def _try_again(
    request: Request, samples: Samples, piece: Piece, scorers: Sequence[Scorer], files: ScoreFiles, tell: Tell
) -> None:
    """Score pairs of a piece whose images could not be read before."""
    some = range(0, len(samples), request.chunk)
    for _, pairs in decoded_chunks(samples, some, request.chunk, {scorer.frame for scorer in scorers}):
        scores, missing = _similarities(scorers, pairs, request.batch)
        if not missing.is_in(list(PASSING)).fill_null(False).all():
            files.amend(piece, list(pairs.uids), scores, missing)
        tell(Done(scored=len(pairs.uids), missing=scores.null_count()))


def _similarities(scorers: Sequence[Scorer], pairs: Decoded, batch: int) -> tuple[pl.Series, pl.Series]:
    """Float32 scores, null where there is none, and why not."""
    found = similarities(scorers, pairs, batch)
    missing = pl.Series([reason or None for reason in found.missing], dtype=pl.String)
    return pl.Series(found.scores, dtype=pl.Float32).fill_nan(None), missing


def _pairs(starts: Sequence[int], piece: Piece, chunk: int) -> int:
    return sum(min(chunk, piece.pairs - start) for start in starts)
