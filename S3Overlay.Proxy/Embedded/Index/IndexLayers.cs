using System.Collections.Immutable;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// What an index is at a moment: commits in memory and the journals that have them, and runs. Commits become a run, and runs are merged;
/// with each of these steps the manifest on the disk is replaced, and what it does not name any more is taken away after that.
/// </summary>
internal sealed class IndexLayers : IDisposable
{
    /// <summary>So many runs may a read have to look into, about, before some are merged.</summary>
    private const int MaxRuns = 6;

    private readonly IndexFolder _folder;
    private readonly Lock _publish = new();
    private IndexView _view;

    /// <summary>The journal that commits go to.</summary>
    private long _journal;

    /// <summary>The journals before it that are not yet in a run, oldest first.</summary>
    private IReadOnlyList<long> _older = [];
    private long _nextNumber;

    /// <summary>Journals and runs that do not count any more. They go once a manifest is on the disk that says so.</summary>
    private readonly List<long> _spentJournals = [];
    private readonly List<SortedRun> _spentRuns = [];

    /// <summary>What is in a folder: runs, and what its journals have, in memory.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="wasClosed">Whether the process before this one closed the index: then no journal has a torn tail.</param>
    /// <exception cref="IndexDamagedException">It cannot be trusted.</exception>
    public IndexLayers(IndexFolder folder, bool wasClosed)
    {
        _folder = folder;
        var manifest = folder.ReadManifest();
        _nextNumber = manifest.NextNumber;
        var runs = manifest.Runs.Select(folder.OpenRun).ToImmutableArray();
        var recent = ImmutableSortedSet.CreateBuilder<MemoryEntry>();
        foreach (var number in manifest.Journals)
        {
            var mayBeTorn = !wasClosed && number == manifest.Journals[^1];
            folder.Replay(number, mayBeTorn, record => Apply(recent, BatchRecord.Decode(record)));
        }

        _view = new IndexView(recent.ToImmutable(), null, runs);
        RecentBytes = recent.Sum(static entry => entry.Cost);
        _older = recent.Count > 0 ? manifest.Journals : [];
    }

    /// <summary>What readers see: it is never changed, only replaced.</summary>
    public IndexView View => Volatile.Read(ref _view);

    /// <summary>How many bytes the commits have that are not yet set aside to become a run.</summary>
    public long RecentBytes { get; private set; }

    /// <summary>Whether commits are set aside that are not yet a run.</summary>
    public bool IsFlushing => View.Flushing is not null;

    /// <summary>Begins the first journal of this process. It counts once the manifest names it.</summary>
    public Journal Begin()
    {
        _folder.DeleteStrangers(_folder.ReadManifest());
        _journal = NewNumber();
        return _folder.BeginJournal(_journal);
    }

    /// <summary>Shows commits to readers; their journal has them.</summary>
    public void Publish(IReadOnlyList<IndexBatch> batches)
    {
        var recent = _view.Recent.ToBuilder();
        foreach (var batch in batches)
        {
            foreach (var (key, value) in batch.Changes)
            {
                var entry = new MemoryEntry(key, value);
                recent.Remove(entry);
                recent.Add(entry);
                RecentBytes += entry.Cost;
            }
        }

        lock (_publish)
        {
            Volatile.Write(ref _view, _view with { Recent = recent.ToImmutable() });
        }
    }

    /// <summary>
    /// Begins the next journal, and sets aside what the one before it has. Nothing is committed to a journal that the manifest on the disk
    /// does not name: a crash would lose it.
    /// </summary>
    /// <exception cref="IOException">It cannot be begun, or named: all is as it was.</exception>
    public Journal Turn()
    {
        var number = NewNumber();
        var next = _folder.BeginJournal(number);
        try
        {
            lock (_publish)
            {
                WriteManifest([.. _older, _journal, number]);
                (_older, _journal) = ([.. _older, _journal], number);
                Volatile.Write(ref _view, _view with { Recent = [], Flushing = _view.Recent });
            }
        }
        catch
        {
            _folder.Discard(next);
            throw;
        }

        RecentBytes = 0;
        return next;
    }

    /// <summary>What was replayed becomes a run at once: there is one journal then, and the next start is as short as this one.</summary>
    public void FlushReplayed()
    {
        if (_view.Recent.Count > 0)
        {
            (_view, RecentBytes) = (_view with { Recent = [], Flushing = _view.Recent }, 0);
            Flush();
        }
    }

    /// <summary>Makes a run of what is set aside.</summary>
    public void Flush()
    {
        var run = _folder.WriteRun(NewNumber(), Entries(_view.Flushing!))!;
        lock (_publish)
        {
            Volatile.Write(ref _view, _view with { Flushing = null, Runs = _view.Runs.Insert(0, run) });
            _spentJournals.AddRange(_older);
            _older = [];
            WriteManifest();
        }
    }

    /// <summary>Merges runs until there are few.</summary>
    public void MergeMany()
    {
        while (_view.Runs.Length > MaxRuns)
        {
            Merge();
        }
    }

    /// <summary>Says on the disk which files count from now on.</summary>
    public void WriteManifest() => WriteManifest([.. _older, _journal]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var run in _view.Runs.Concat(_spentRuns))
        {
            run.Release();
        }
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

    /// <summary>
    /// Merges the newest runs up to the first that is larger than all of them together: every entry is rewritten about as often as the
    /// logarithm of their number.
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
        var replacement = _folder.WriteRun(NewNumber(), RunMerge.Entries(merged, dropDeletions: isBottom));
        lock (_publish)
        {
            var left = runs.RemoveRange(0, count);
            Volatile.Write(ref _view, _view with { Runs = replacement is null ? left : left.Insert(0, replacement) });
            _spentRuns.AddRange(merged);
            WriteManifest();
        }
    }

    private long NewNumber() => Interlocked.Increment(ref _nextNumber) - 1;

    private void WriteManifest(IReadOnlyList<long> journals)
    {
        _folder.WriteManifest(new Manifest(Volatile.Read(ref _nextNumber), [.. _view.Runs.Select(run => run.Number)], journals));
        _spentJournals.ForEach(_folder.DeleteJournal);
        _spentRuns.ForEach(static run =>
        {
            run.MarkObsolete();
            run.Release();
        });
        _spentJournals.Clear();
        _spentRuns.Clear();
    }
}
