# RESOURCE_LIMIT|TIMEOUT
import asyncio


async def main():
    while True:
        await asyncio.sleep(0)


def fetch(request):
    asyncio.run(main())
