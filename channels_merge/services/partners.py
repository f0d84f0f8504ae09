"""One exchange with another platform over HTTP: bounded in bytes and, as a whole, in time, whatever the other side does.

A limit for each read is none: who sends a byte a second never meets it.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import httpx

CONNECT_SECONDS: Final = 5
HIGHEST_PORT: Final = 65_535
UNSENDABLE: Final = "地址或认证值不对，发不出去。"


class NoAnswer(Exception):
    """Nothing came that can be used; the sentence is for the page."""


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Partners:
    """Asks one after the other; connections are kept for the length of the `with`."""

    def __init__(self, *, seconds: int) -> None:
        self._seconds = seconds
        # A loop can run in a thread where there is none: whoever calls may be in one.
        self._thread = ThreadPoolExecutor(1, "partners")
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            # Compressed, a small answer may be a large one.
            headers={"Accept-Encoding": "identity"},
        )

    def __enter__(self) -> "Partners":
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._client.aclose())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def request(self, method: str, url: str, *, params: Mapping[str, str] | None = None, **sent: Any) -> httpx.Request:
        """What would be sent, `url.raw_path` as it will stand on the wire. Raises NoAnswer for what cannot be.

        `params` come to those that the address has already.
        """
        try:
            request = self._client.build_request(method, httpx.URL(url).copy_merge_params(params or {}), **sent)
        except (httpx.InvalidURL, ValueError) as exc:
            raise NoAnswer(UNSENDABLE) from exc
        if (request.url.port or 0) > HIGHEST_PORT:
            raise NoAnswer(UNSENDABLE)
        return request

    def ask(self, request: httpx.Request, *, most: int, reads_success: bool = True) -> Answer:
        """The answer within the seconds and `most` bytes; raises NoAnswer.

        Without `reads_success` a 2xx is all that is wanted: its body is left unread, however long it is.
        """
        try:
            return self._do(self._exchange(request, most, reads_success=reads_success))
        except TimeoutError as exc:
            raise NoAnswer(f"对方 {self._seconds} 秒里没有答复完：超时。") from exc
        # Names that no resolver takes come as ValueError.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
            raise NoAnswer(_REASONS.get(type(exc), f"连接失败（{type(exc).__name__}）。")) from exc

    async def _exchange(self, request: httpx.Request, most: int, *, reads_success: bool) -> Answer:
        async with asyncio.timeout(self._seconds):
            answer = await self._client.send(request, stream=True)
            try:
                content = b"" if answer.is_success and not reads_success else await _read(answer, most)
            finally:
                await answer.aclose()
        return Answer(answer.status_code, content)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._thread.submit(self._runner.run, work).result()


async def _read(answer: httpx.Response, most: int) -> bytes:
    """Raises NoAnswer for a longer one; of an error its beginning is enough."""
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NoAnswer("对方的答复是压缩的，没有要压缩，请对方改为不压缩。")
    read = bytearray()
    async for chunk in answer.aiter_raw():
        read += chunk
        if len(read) > most and answer.is_success:
            raise NoAnswer(f"对方的答复太长，最多读 {most / 1_000_000:g} MB。")
        if len(read) >= most:
            break
    return bytes(read[:most])


_REASONS: Final = {
    httpx.ConnectError: "连不上对方。",
    httpx.ConnectTimeout: "连不上对方：超时。",
    httpx.RemoteProtocolError: "对方中途断开。",
    httpx.InvalidURL: "地址不对。",
    httpx.UnsupportedProtocol: "地址不对。",
}
