"""Firebase apps: one that speaks to Google, one that speaks to the demo's stand-in, and their orderly end."""

import asyncio

import firebase_admin
from firebase_admin import _http_client, _retry, credentials, messaging
from google.auth.exceptions import DefaultCredentialsError
from google.oauth2.credentials import Credentials


class NoCredentials(Exception):
    """This machine has no Google credentials that could be used."""


def production_app(project_id: str, http_timeout: float = 8, *, name: str = "lianhu") -> firebase_admin.App:
    """An app with the machine's Google credentials (GOOGLE_APPLICATION_CREDENTIALS, or the metadata server).

    It may read files and ask the metadata server: call it before serving, once a process. `http_timeout` is in seconds, for
    each step of one HTTP call. Certificates and access tokens honour HTTPS_PROXY; pushes do not (the SDK gives its asynchronous
    client transports of its own), so a host behind a proxy needs a transparent one, or a route to fcm.googleapis.com.
    Raises `NoCredentials`, or ValueError where the name is taken.
    """
    credential = credentials.ApplicationDefault()
    try:
        credential.get_credential()
    except DefaultCredentialsError as error:
        raise NoCredentials(str(error)) from error
    return _tamed(firebase_admin.initialize_app(credential, {"projectId": project_id, "httpTimeout": http_timeout}, name))


def demo_app(project_id: str, fcm_base_url: str, http_timeout: float = 3, *, name: str = "lianhu-demo") -> firebase_admin.App:
    """An app whose pushes go to the stand-in at `fcm_base_url` (no trailing path of FCM), with a token that opens nothing.

    `http_timeout` is in seconds. Raises ValueError where the project is not a `demo-` one, or the name is taken.
    """
    if not project_id.startswith("demo-"):
        raise ValueError(f"a demo project's id starts with demo-, this is {project_id!r}")
    credential = Credentials("demo")  # type: ignore[no-untyped-call]
    app = firebase_admin.initialize_app(credential, {"projectId": project_id, "httpTimeout": http_timeout}, name)
    return _tamed(app, fcm_url=f"{fcm_base_url.rstrip('/')}/v1/projects/{project_id}/messages:send")


async def close(app: firebase_admin.App) -> None:
    """Ends the app and its connections. Call it once, on the loop that sent the pushes."""
    # The connections belong to this loop, so they are closed on it; delete_app then finds nothing open. It calls asyncio.run,
    # which a running loop refuses: hence the thread.
    await _service(app)._async_client.aclose()  # noqa: SLF001
    await asyncio.to_thread(firebase_admin.delete_app, app)


# --- THE ONE PLACE THAT REACHES INTO THE SDK (firebase_admin 7.7; the tests of pushes hold it to that) -----------------------


def _service(app: firebase_admin.App) -> messaging._MessagingService:
    return messaging._get_messaging_service(app)  # noqa: SLF001


def _tamed(app: firebase_admin.App, fcm_url: str | None = None) -> firebase_admin.App:
    """The app, its pushes without the SDK's own retries, sent to `fcm_url` where one is given.

    The SDK has no option for either. Its retries (500 and 503: five tries, 7 s) never close the answer that they retry: each
    try holds a connection, or a stream of the one HTTP/2 connection, for good, and after 100 of them the client is stuck until
    the process ends, without any time-out. Trying again is the relay's business anyway.
    """
    service = _service(app)
    service._async_client = _http_client.HttpxAsyncClient(  # noqa: SLF001
        credential=app.credential.get_credential(),
        retry_config=_retry.HttpxRetry(max_retries=0),
        timeout=app.options.get("httpTimeout"),
    )
    if fcm_url is not None:
        service._fcm_url = fcm_url  # noqa: SLF001
    return app
