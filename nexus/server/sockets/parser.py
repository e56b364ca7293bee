"""gunicorn's parser, without waits for a head; closes the connection after an unread body."""

from __future__ import annotations

from typing import Any

from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

from nexus.server.sockets.incoming import HeadIncomplete


class NexusRequest(Request):  # type: ignore[misc]  # gunicorn has no types
    """A request that ends its connection if the application answers before it has read the body.

    A client that waits for `100 Continue` may or may not send the body after another answer, so
    the server cannot know where its next request begins. And the rest of a large body is not worth
    reading.
    """

    def should_close(self) -> bool:
        """Return whether the connection ends with this request.

        gunicorn calls this when it writes the head of the answer, and again later. The first result
        stands, since the head has told it to the client, even if the application reads on.
        """
        if not self.must_close and (self._is_unread() or self._is_last()):
            self.force_close()
        closes: bool = super().should_close()
        return closes

    def _is_unread(self) -> bool:
        reader = self.body.reader
        if isinstance(reader, LengthReader):
            return bool(reader.length > 0)
        return isinstance(reader, ChunkedReader) and reader.parser is not None

    def _is_last(self) -> bool:
        """Return whether the client has ended its side, perhaps within this request's body, and
        all it sent was read."""
        incoming = self.unreader.sock.incoming
        return incoming.ended and not incoming.held_bytes and not self.unreader.buf.getvalue()


class NexusParser(RequestParser):  # type: ignore[misc]  # gunicorn has no types
    """Reads the requests of one `Connection`."""

    mesg_class = NexusRequest

    def __next__(self) -> Any:
        """Return the next request.

        Raises: StopIteration if there is none; HeadIncomplete if more of it must arrive; then the
            caller may call this again.
        """
        incoming = self.unreader.sock.incoming
        incoming.begin_head()
        try:
            request = super().__next__()
        except HeadIncomplete:
            self.req_count -= 1  # gunicorn allows a PROXY line only in the first request
            incoming.take_head_back()
            raise
        except BaseException:
            incoming.fail_head()
            raise
        incoming.end_head()
        return request
