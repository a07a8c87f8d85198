"""Who is refused at a real socket stands in the server's audit trail, without what they have sent (L7)."""

import asyncio

from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor

SECRET = "zanzibarquince"


async def test_wrong_tokens_and_foreign_origins_leave_a_line(own_server):
    server = await asyncio.to_thread(own_server)
    url, _ = await asyncio.to_thread(server.start_session)
    path = url.partition("?")[0]
    no_such = path.replace(path.rstrip("/").rsplit("/", 1)[1], "00000000-0000-4000-8000-000000000000")
    for address, options, code in (
        (f"{path}?token={SECRET}", {}, 4401),
        (path, {}, 4401),
        (url, {"origin": f"https://{SECRET}.example"}, 4403),
        (url, {"origin": "null"}, 4403),
        (f"{no_such}?token={SECRET}", {}, 4404),
    ):
        async with Visitor(address, **options) as refused:
            assert (await refused.until_closed())[0] == code
    async with Visitor(url) as visitor:
        await visitor.get_ready()
    words = await asyncio.to_thread(server.words)
    trail = [line for line in words.splitlines() if "refused at=" in line]
    assert [line.partition("refused ")[2].partition('"')[0] for line in trail] == [
        "at=socket code=bad_token count=1",
        "at=socket code=origin_refused count=1",
    ], "one line a minute of a kind; its further ones are told with the next"
    assert not [line for line in trail if SECRET in line]
    assert SECRET not in "".join(line for line in words.splitlines() if "token=" in line)


async def test_they_are_told_at_the_end_of_the_server_at_the_latest(own_server):
    server = await asyncio.to_thread(own_server)
    url, _ = await asyncio.to_thread(server.start_session)
    for _ in range(3):
        async with Visitor(url.partition("?")[0] + f"?token={SECRET}") as refused:
            await refused.until_closed()
    await asyncio.to_thread(server.stop)
    words = await asyncio.to_thread(server.words)
    assert "refused at=socket code=bad_token count=2" in words


async def test_who_is_refused_and_never_answers_the_close_holds_no_seat(own_server):
    server = await asyncio.to_thread(own_server)
    url, _ = await asyncio.to_thread(server.start_session)
    path = url.partition("?")[0].partition(str(server.port))[2]
    lines = []
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            f"GET {path}?token={SECRET} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b" 101 " in await reader.readline()
        lines.append(writer)
    async with asyncio.timeout(PATIENCE_SECS):
        while (await asyncio.to_thread(server.request, "/readyz")).headers["X-Seats-Taken"] != "0":
            await asyncio.sleep(0.1)
    for writer in lines:
        writer.close()
