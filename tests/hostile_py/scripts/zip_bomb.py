# MEMORY_LIMIT
import zlib


def fetch(request):
    bomb = zlib.compress(bytes(40_000_000), 9)
    return zlib.decompress(bomb)
