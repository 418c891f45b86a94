using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// An ordered, persistent map of bytes to bytes: a log-structured merge tree.
/// </summary>
/// <remarks>
/// <code>
///   commit -> journal (one sync for all who wait) -> commits in memory -> sorted run -> merged runs
/// </code>
/// What is in memory is bounded by <see cref="IndexOptions.FlushBytes"/>, so is what start-up replays: it does not grow with the data. Readers take no lock;
/// they see a view that is never changed, only replaced. A commit is on the disk before anybody sees it. Opening needs no room on the disk: where there is none, what was replayed
/// stays in memory and in the journals it came from, and the first commit for which there is room begins the next journal.
/// </remarks>
public sealed class OrderedIndex : IAsyncDisposable
{
    /// <summary>So many runs may a read have to look into, about, before some are merged.</summary>
    private const int MaxRuns = 6;

    private readonly IndexOptions _options;
    private readonly IndexFolder _folder;
    private readonly Committer<IndexBatch> _committer;
    private readonly Lock _publish = new();

    /// <summary>Batches that everybody sees and that no journal has yet; the committer's own.</summary>
    private readonly List<IndexBatch> _behind = [];

    private IndexView _view;

    /// <summary>Where commits go; null until one could be begun.</summary>
    private Journal? _journal;
    private long _journalNumber;

    /// <summary>Whether the manifest on the disk is sure to name it.</summary>
    private bool _isNamed;

    /// <summary>The journals before it that are not yet in a run, oldest first.</summary>
    private IReadOnlyList<long> _older = [];
    private long _nextNumber;
    private long _recentBytes;
    private Task _background = Task.CompletedTask;

    private OrderedIndex(IndexOptions options, IndexFolder folder)
    {
        (_options, _folder) = (options, folder);
        _committer = new(Commit);
        var manifest = folder.ReadManifest();
        _nextNumber = manifest.NextNumber;
        var runs = manifest.Runs.Select(folder.OpenRun).ToImmutableArray();
        var recent = ImmutableSortedSet.CreateBuilder<MemoryEntry>();
        foreach (var number in manifest.Journals)
        {
            using var journal = folder.OpenJournal(number, record => Apply(recent, BatchRecord.Decode(record)));
        }

        _view = new IndexView(recent.ToImmutable(), null, runs);
        _recentBytes = recent.Sum(static entry => entry.Cost);
        _older = recent.Count > 0 ? manifest.Journals : [];
        try
        {
            Begin();
            FlushReplayed();
            folder.DeleteStrangers(folder.ReadManifest());
        }
        catch (IOException failure) when (StoreDisk.IsFull(failure))
        {
            NoteFailure(failure);
        }
    }

    /// <summary>What went wrong in the background lately, or null. Commits go on meanwhile: what could not be flushed stays in memory and in its journal.</summary>
    internal Exception? LastBackgroundError { get; private set; }

    /// <summary>Opens the index in a folder, which is made where it is missing.</summary>
    /// <exception cref="IndexDamagedException">What is there cannot be trusted; the message names the file.</exception>
    /// <exception cref="IndexInUseException">Another process has it open.</exception>
    public static OrderedIndex Open(IndexOptions options)
    {
        var folder = IndexFolder.Take(options.Folder, options.Disk);
        try
        {
            return new OrderedIndex(options, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The value of a key as of the last commit.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out byte[]? value)
    {
        var owned = key.ToArray();
        while (true)
        {
            try
            {
                value = Volatile.Read(ref _view).Find(owned);
                return value is not null;
            }
            catch (ObjectDisposedException) when (!_folder.IsClosed)
            {
                // A run was merged away between taking the view and reading its file: the next view knows the merged one.
            }
        }
    }

    /// <summary>Makes a batch's changes, all or none. Returns once they are on the disk and seen by every reader.</summary>
    public ValueTask CommitAsync(IndexBatch batch) => batch.Count == 0 ? ValueTask.CompletedTask : _committer.CommitAsync(batch);

    /// <summary>
    /// Makes the changes of a batch that say what stands on the disk elsewhere already. They are seen by every reader once this returns, also where the disk fails: then they are brought there with
    /// the next commit, or by whoever finds after the next start that the index does not have them (<see cref="IsBehind"/>).
    /// </summary>
    /// <returns>Whether they are on the disk.</returns>
    internal async ValueTask<bool> FollowAsync(IndexBatch batch)
    {
        batch.IsSettled = true;
        try
        {
            await CommitAsync(batch);
            return true;
        }
        catch (IOException)
        {
            // Seen, and noted in what the index is behind with.
            return false;
        }
    }

    /// <summary>Whether the next start may find other rows than there are now, for what the disk did not take or did not take back. Known while nobody commits.</summary>
    internal bool IsBehind => _behind.Count > 0 || IsInDoubt;

    /// <summary>Whether the next start may find rows of a commit that was refused. Where it is not, it finds none that was refused before.</summary>
    internal bool IsInDoubt => Volatile.Read(ref _journal) is { IsInDoubt: true };

    /// <summary>The index as it is now, for as long as the snapshot is not disposed.</summary>
    public IndexSnapshot Snapshot()
    {
        while (true)
        {
            var view = Volatile.Read(ref _view);
            if (view.TryAcquire())
            {
                return new IndexSnapshot(view);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _committer.DisposeAsync();
        await _background;
        CatchUp();
        _journal?.Dispose();
        foreach (var run in _view.Runs)
        {
            run.Release();
        }

        _folder.Dispose();
    }

    private static void Apply(ImmutableSortedSet<MemoryEntry>.Builder entries, IEnumerable<MemoryEntry> changes)
    {
        foreach (var change in changes)
        {
            entries.Remove(change);
            entries.Add(change);
        }
    }

    private static IEnumerable<KeyValuePair<byte[], byte[]?>> Entries(ImmutableSortedSet<MemoryEntry> commits) =>
        commits.Select(entry => KeyValuePair.Create(entry.Key, entry.Value));

    /// <summary>Begins the journal where that is still to be done. Nothing is committed to one that the manifest on the disk may not name; the old ones stay until what is in them is in a run.</summary>
    private Journal Begin()
    {
        if (_journal is not { } journal)
        {
            _folder.DeleteStrangers(_folder.ReadManifest());
            _journalNumber = _nextNumber++;
            journal = _folder.OpenJournal(_journalNumber, _ => { });
            Volatile.Write(ref _journal, journal);
        }

        if (!_isNamed)
        {
            WriteManifest();
            (_isNamed, LastBackgroundError) = (true, null);
        }

        return journal;
    }

    /// <summary>What was replayed becomes a run at once: there is one journal then, and the next start is as short as this one.</summary>
    private void FlushReplayed()
    {
        if (_view.Recent.Count > 0)
        {
            (_view, _recentBytes) = (_view with { Recent = [], Flushing = _view.Recent }, 0);
            Flush();
        }
    }

    /// <summary>Brings to the journal what it does not have yet, if the disk lets it.</summary>
    private void CatchUp()
    {
        try
        {
            Append([]);
        }
        catch (IOException failure)
        {
            NoteFailure(failure);
        }
    }

    /// <summary>Appends batches to the journal, behind those that it does not have yet.</summary>
    private void Append(IReadOnlyList<IndexBatch> batches)
    {
        if (_behind.Count + batches.Count > 0 || IsInDoubt)
        {
            Begun().Append([.. _behind.Concat(batches).Select(BatchRecord.Encode)]);
            _behind.Clear();
        }
    }

    /// <summary>The journal, whose making may fail as no write does.</summary>
    /// <exception cref="IOException">It cannot be made, for whatever reason.</exception>
    private Journal Begun()
    {
        try
        {
            return Begin();
        }
        catch (Exception failure) when (failure is not IOException)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    private void Commit(IReadOnlyList<IndexBatch> batches)
    {
        try
        {
            Append(batches);
        }
        catch (IOException)
        {
            IndexBatch[] settled = [.. batches.Where(static batch => batch.IsSettled)];
            _behind.AddRange(settled);
            Publish(settled);
            throw;
        }

        Publish(batches);
        if (_recentBytes < _options.FlushBytes)
        {
            return;
        }

        if (_view.Flushing is null)
        {
            StartFlush();
        }
        else if (_background.IsCompleted)
        {
            // The flush failed, the disk was full perhaps: what it could not write is still in memory and in its journal.
            _background = Task.Run(FlushAndMerge);
        }
        else if (_recentBytes > 4 * _options.FlushBytes)
        {
            // Commits outrun the disk: they wait for it here, on the committer's own turn.
            _background.Wait();
        }
    }

    private void Publish(IReadOnlyList<IndexBatch> batches)
    {
        var recent = _view.Recent.ToBuilder();
        foreach (var batch in batches)
        {
            foreach (var (key, value) in batch.Changes)
            {
                var entry = new MemoryEntry(key, value);
                recent.Remove(entry);
                recent.Add(entry);
                _recentBytes += entry.Cost;
            }
        }

        lock (_publish)
        {
            Volatile.Write(ref _view, _view with { Recent = recent.ToImmutable() });
        }
    }

    /// <summary>
    /// Only the committer calls this: between two groups, so that a journal and the commits in memory hold the same. Nothing is committed to a journal that the manifest on the disk does not
    /// name: a crash would lose it. Where that cannot be written, all goes on with the journal there is, and the next commit tries again.
    /// </summary>
    private void StartFlush()
    {
        Journal full;
        Journal? next = null;
        try
        {
            var number = Interlocked.Increment(ref _nextNumber) - 1;
            next = _folder.OpenJournal(number, _ => { });
            lock (_publish)
            {
                WriteManifest([.. _older, _journalNumber, number]);
                full = _journal!;
                (_older, _journal, _journalNumber) = ([.. _older, _journalNumber], next, number);
                Volatile.Write(ref _view, _view with { Recent = [], Flushing = _view.Recent });
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What was committed stays so, whatever fails from here on.
            if (next is not null)
            {
                _folder.Discard(next);
            }

            NoteFailure(failure);
            return;
        }

        full.Dispose();
        _recentBytes = 0;
        _background = _background.ContinueWith(_ => FlushAndMerge(), TaskScheduler.Default);
    }

    private void FlushAndMerge()
    {
        try
        {
            Flush();
            while (_view.Runs.Length > MaxRuns)
            {
                Merge();
            }

            LastBackgroundError = null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            NoteFailure(failure);
        }
    }

    private void Flush()
    {
        var number = Interlocked.Increment(ref _nextNumber) - 1;
        var run = _folder.WriteRun(number, Entries(_view.Flushing!))!;
        var journals = _older;
        lock (_publish)
        {
            Volatile.Write(ref _view, _view with { Flushing = null, Runs = _view.Runs.Insert(0, run) });
            _older = [];
            WriteManifest();
        }

        foreach (var journal in journals)
        {
            _folder.DeleteJournal(journal);
        }
    }

    /// <summary>Tells of the first of several failures in a row.</summary>
    private void NoteFailure(Exception failure)
    {
        if (LastBackgroundError is null)
        {
            Log.IndexNotFlushed(_options.Logger, _options.Folder, failure);
        }

        LastBackgroundError = failure;
    }

    /// <summary>
    /// Merges the newest runs up to the first that is larger than all of them together: every entry is rewritten about as often as the logarithm of their number.
    /// </summary>
    private void Merge()
    {
        var runs = _view.Runs;
        var count = 2;
        for (var bytes = runs[0].Bytes + runs[1].Bytes; count < runs.Length && runs[count].Bytes <= bytes * 2; count++)
        {
            bytes += runs[count].Bytes;
        }

        var merged = runs.Take(count).ToImmutableArray();
        var isBottom = count == runs.Length;
        var number = Interlocked.Increment(ref _nextNumber) - 1;
        var replacement = _folder.WriteRun(number, RunMerge.Entries(merged, dropDeletions: isBottom));
        lock (_publish)
        {
            var left = runs.RemoveRange(0, count);
            Volatile.Write(ref _view, _view with { Runs = replacement is null ? left : left.Insert(0, replacement) });
            WriteManifest();
        }

        foreach (var run in merged)
        {
            run.MarkObsolete();
            run.Release();
        }
    }

    private void WriteManifest() => WriteManifest([.. _older, _journalNumber]);

    private void WriteManifest(IReadOnlyList<long> journals) =>
        _folder.WriteManifest(new Manifest(Volatile.Read(ref _nextNumber), [.. _view.Runs.Select(run => run.Number)], journals));
}
