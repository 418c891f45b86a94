using System.Collections.Immutable;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// An index's state: commits in memory with their journals, and runs. Commits are flushed to a run, and runs are merged; each step replaces
/// the manifest on disk, and files it no longer names are deleted afterwards.
/// </summary>
internal sealed class IndexLayers : IDisposable
{
    /// <summary>Approximate number of runs that a read may search before some are merged.</summary>
    private const int MaxRuns = 6;

    private readonly IndexFolder _folder;
    private readonly Lock _publish = new();
    private IndexView _view;

    /// <summary>The current journal.</summary>
    private long _journal;

    /// <summary>Earlier journals that are not yet in a run, oldest first.</summary>
    private IReadOnlyList<long> _older = [];
    private long _nextNumber;

    /// <summary>Journals and runs that no longer count. Deleted once a manifest on disk says so.</summary>
    private readonly List<long> _spentJournals = [];
    private readonly List<SortedRun> _spentRuns = [];

    /// <summary>Loads a folder: its runs, and the content of its journals into memory.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="wasClosed">True if the last process closed the index: then no journal has a torn tail.</param>
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

    /// <summary>What readers see; immutable, replaced as a whole.</summary>
    public IndexView View => Volatile.Read(ref _view);

    /// <summary>Bytes of commits that are not being flushed yet.</summary>
    public long RecentBytes { get; private set; }

    /// <summary>True if a flush is pending or running.</summary>
    public bool IsFlushing => View.Flushing is not null;

    /// <summary>Begins this process's first journal. It counts once the manifest names it.</summary>
    public Journal Begin()
    {
        _folder.DeleteStrangers(_folder.ReadManifest());
        _journal = NewNumber();
        return _folder.BeginJournal(_journal);
    }

    /// <summary>Makes commits visible to readers, once they are in the journal.</summary>
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
    /// Begins the next journal and sets the current commits aside for a flush. Commits go only to a journal that the manifest on disk
    /// names: otherwise a crash would lose them.
    /// </summary>
    /// <exception cref="IOException">It cannot be created or named; nothing has changed.</exception>
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

    /// <summary>Flushes replayed commits to a run at once: then there is one journal, and the next start is as short as this one.</summary>
    public void FlushReplayed()
    {
        if (_view.Recent.Count > 0)
        {
            (_view, RecentBytes) = (_view with { Recent = [], Flushing = _view.Recent }, 0);
            Flush();
        }
    }

    /// <summary>Writes the commits set aside to a run.</summary>
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

    /// <summary>Records the present files on disk.</summary>
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
