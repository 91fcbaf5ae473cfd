"""What tests of data share."""

import fsspec
import pytest

SECRET = "not-a-secret"  # of a server in this process


@pytest.fixture(scope="session")
def s3():
    """A folder of a bucket in a local store that speaks as S3 does; one for all, as file systems stay connected."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    names = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": SECRET}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names.items():
            patch.setenv(name, value)
        fsspec.filesystem("s3").mkdir("bucket")
        yield "s3://bucket/pool"
    server.stop()
