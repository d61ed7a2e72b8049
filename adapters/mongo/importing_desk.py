"""Files that come through the API: kept in sealed parts for a day, put together privately, checked and applied in the background."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, Any
from uuid import UUID

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.importing import MongoImports
from adapters.mongo.ledger import Ledger
from domain.commands import Command, Replayed
from domain.errors import Message, RefusalCode, Refused, invalid, not_found, refused
from domain.ids import township_of
from domain.importing import Import, Outcome
from domain.importing_desk import MOST_BYTES, ImportJob, ImportPart, ImportState
from domain.workbook_pages import Source

PATIENCE_SECONDS = 20.0
"""So long an answer waits for the work; then it goes on, and is asked for."""

LEFT_BY_RIVALS = [ImportState.APPLYING.value, ImportState.CHECKED.value, ImportState.FAILED.value]
"""What whoever applied a file may find: rivals that came to nothing put it there meanwhile."""

Open = Callable[..., AbstractContextManager[Source]]
Work = Callable[[Source], Awaitable[Outcome]]


class MongoImportDesk:
    """Keeps `domain.importing_desk.ImportDesk`. `close` ends what still goes on; what it had staged is taken out."""

    def __init__(self, mongo: Mongo, ledger: Ledger, imports: MongoImports, open_source: Open) -> None:
        self._mongo = mongo
        self._ledger = ledger
        self.imports = imports
        self._open = open_source
        self._going_on: set[asyncio.Task[ImportJob]] = set()

    async def close(self) -> None:
        for task in self._going_on:
            task.cancel()
        await asyncio.gather(*self._going_on, return_exceptions=True)

    async def keep_part(self, part: ImportPart, *, command: Command) -> ImportJob:
        of_import = {"township": part.township, "import_id": _key(part.by_id, part.import_id)}
        parts = self._mongo.collection("import_parts")
        sealed = await self._mongo.vault.seal(part.content)
        sized = {**of_import, "number": part.number, "size": len(part.content), "content": sealed, "at": part.at}

        async def work(session: Session) -> None:
            by_id = {"township": part.township, "_id": f"{of_import['import_id']}/{part.number}"}
            await parts.replace_one(by_id, sized, upsert=True, session=session)
            held = await parts.find(of_import, {"size": 1}, session=session).hint("of_import").to_list()
            if sum(document["size"] for document in held) > MOST_BYTES:
                raise refused(RefusalCode.LIMIT_REACHED, "import.file_too_large", "content")
            job = ImportJob(of_import["import_id"], part.township, part.by_id, ImportState.UPLOADED, len(held), part.count, part.at)
            document = {**encode(job), "file_name": part.file_name}
            kept = {"township": job.township, "_id": job.id}
            await self._mongo.collection("imports").replace_one(kept, document, upsert=True, session=session)

        await self._ledger.once(command, part.township, of_import["import_id"], work)
        return await self._job(part.import_id, part.by_id)

    async def job(self, import_id: UUID, *, by_id: str) -> ImportJob | None:
        found = await self._mongo.collection("imports").find_one({"township": township_of(by_id), "_id": _key(by_id, import_id)})
        return decode(ImportJob, found) if found else None

    async def check(self, import_id: UUID, run: Import, *, command: Command) -> ImportJob:
        job, attempt = await self._job(import_id, run.by_id), {"attempt": str(command.command_id)}

        async def begun(session: Session) -> None:
            checking = replace(job, state=ImportState.CHECKING, at=run.at, outcome=None, message=None)
            await self._set(checking, also={**attempt, "checked_by": attempt["attempt"]}, session=session)

        if isinstance(await self._ledger.once(command, run.township, job.id, begun), Replayed):
            return await self._job(import_id, run.by_id)
        own = {"state": ImportState.CHECKING.value, **attempt}
        return await self._carry_out(job, run, lambda source: self.imports.check(source, run), ImportState.CHECKED, own)

    async def apply(self, import_id: UUID, run: Import, *, command: Command) -> ImportJob:
        if await self._ledger.replay_of(command):
            return await self._job(import_id, run.by_id)
        found = await self._found(import_id, run.by_id)
        job, as_checked = decode(ImportJob, found), {"checked_by": found.get("checked_by")}
        if job.state not in {ImportState.CHECKED, ImportState.APPLYING} or not (job.outcome and job.outcome.is_sound):
            raise refused(RefusalCode.WRONG_STATE, "refusal.import_not_checked", "importId")
        applying, attempt = replace(job, state=ImportState.APPLYING, at=run.at), {"attempt": str(command.command_id)}
        if not await self._set(applying, only={"state": job.state.value, **as_checked}, also=attempt):
            raise refused(RefusalCode.CONFLICT, "refusal.import_under_way", "importId")
        applied, own = replace(run, command=command), {"state": ImportState.APPLYING.value, **attempt}
        stands = {"state": {"$in": LEFT_BY_RIVALS}, **as_checked}
        return await self._carry_out(job, run, lambda source: self.imports.apply(source, applied), ImportState.APPLIED, own, stands)

    async def _carry_out(
        self, job: ImportJob, run: Import, work: Work, then: ImportState, own: Document, stands: Document | None = None
    ) -> ImportJob:
        task = asyncio.create_task(self._in_background(job, run, work, then, own, stands or own))
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        if task.done():
            return task.result()
        task.add_done_callback(_heard)
        return await self.job(UUID(job.id.rpartition("/")[2]), by_id=job.by_id) or job

    async def _in_background(
        self, job: ImportJob, run: Import, work: Work, then: ImportState, own: Document, stands: Document
    ) -> ImportJob:
        """Whatever comes of it stands in the job, also where nobody waits for it any more; but never over what another one made of it.

        Another part may come meanwhile, and another check: what came of this one, which is `own`, is then nobody's any more. Several may
        apply a file at once, and the township lets one: what came of that one stands, whoever of them began last.
        """
        is_applied = then is ImportState.APPLIED
        try:
            async with self._file(job) as path:
                with await asyncio.to_thread(_Entered, self._open, path, await self._file_name(job)) as source:
                    outcome = await work(source)
        except Refused as no:
            # A refused attempt leaves a checked file checked: it may be tried again, or checked again.
            kept = replace(job, state=ImportState.CHECKED) if is_applied else replace(job, state=ImportState.FAILED, outcome=None)
            await self._set(replace(kept, at=run.at, message=no.refusal.message), only=own)
            if no.refusal.field == "file":
                raise Refused(replace(no.refusal, field="importId")) from no
            raise
        except BaseException:
            await self._set(replace(job, state=ImportState.FAILED, at=run.at, message=Message("refusal.import_failed")), only=own)
            raise
        # A night between check and apply may have made a fault of what was right.
        state = then if outcome.is_sound else ImportState.CHECKED
        done = replace(job, state=state, at=run.at, outcome=outcome, message=None)
        await self._set(done, only=stands)
        return done

    @asynccontextmanager
    async def _file(self, job: ImportJob) -> AsyncIterator[Path]:
        """The parts as one file that nobody else can read, for as long as it is needed."""
        if job.received < job.parts:
            raise invalid("refusal.import_incomplete", "importId", received=job.received, parts=job.parts)
        with _unnamed() as (file, path):
            for number in range(1, job.parts + 1):
                found = await self._mongo.collection("import_parts").find_one({"township": job.township, "_id": f"{job.id}/{number}"})
                if found is None:
                    raise invalid("refusal.import_incomplete", "importId", received=number - 1, parts=job.parts)
                content = await self._mongo.vault.open(found["content"])
                await asyncio.to_thread(_append, file, content)
            yield path

    async def _file_name(self, job: ImportJob) -> str:
        found = await self._mongo.collection("imports").find_one({"township": job.township, "_id": job.id}, {"file_name": 1})
        return str((found or {}).get("file_name", ""))

    async def _job(self, import_id: UUID, by_id: str) -> ImportJob:
        return decode(ImportJob, await self._found(import_id, by_id))

    async def _found(self, import_id: UUID, by_id: str) -> Document:
        wanted = {"township": township_of(by_id), "_id": _key(by_id, import_id)}
        found = await self._mongo.collection("imports").find_one(wanted)
        if found is None:
            raise not_found("importId")
        return found

    async def _set(
        self, job: ImportJob, *, only: Document | None = None, also: Document | None = None, session: Session | None = None
    ) -> bool:
        """Whether it was as `only` says still."""
        fields: Document = {name: value for name, value in encode(job).items() if name not in {"_id", "received", "parts"}}
        wanted: Document = {"township": job.township, "_id": job.id, **(only or {})}
        update = {"$set": {**fields, **(also or {})}}
        return (await self._mongo.collection("imports").update_one(wanted, update, session=session)).matched_count == 1


class _Entered:
    """A file opened in another thread: opening looks through all of it."""

    def __init__(self, open_source: Open, path: Path, title: str) -> None:
        self._context = open_source(path, title=title)
        self._source = self._context.__enter__()

    def __enter__(self) -> Source:
        return self._source

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


@contextmanager
def _unnamed() -> Iterator[tuple[IO[bytes], Path]]:
    """A file for as long as this process has it open: it stands in no folder, so that a killed process leaves nothing. Where the system
    cannot open such a file again, it has a name and goes with the `with`."""
    is_linux = sys.platform == "linux"
    with TemporaryFile() if is_linux else NamedTemporaryFile(prefix="lianhu-") as file:
        yield file, Path(f"/proc/self/fd/{file.fileno()}" if is_linux else file.name)


def _append(file: IO[bytes], content: bytes) -> None:
    file.write(content)
    file.flush()


def _heard(task: asyncio.Task[ImportJob]) -> None:
    """Nobody waits for it; what went wrong stands in the job."""
    if not task.cancelled():
        task.exception()


def _key(by_id: str, import_id: UUID) -> str:
    return f"{by_id}/{import_id}"
