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
/// What is in memory is bounded by <see cref="IndexOptions.FlushBytes"/>, so is what start-up replays: it does not grow with the data.
/// Readers take no lock; they see a view that is never changed, only replaced. A commit is on the disk before anybody sees it. Opening
/// needs no room on the disk: where there is none, what was replayed stays in memory and in the journals it came from, and the first commit
/// for which there is room begins the next journal.
/// </remarks>
public sealed class OrderedIndex : IAsyncDisposable
{
    private readonly IndexOptions _options;
    private readonly IndexFolder _folder;
    private readonly IndexLayers _layers;
    private readonly Committer<IndexBatch> _committer;

    /// <summary>Batches that everybody sees and that no journal has yet; the committer's own.</summary>
    private readonly List<IndexBatch> _behind = [];
    private long _behindBytes;

    /// <summary>Where commits go; null until one could be begun.</summary>
    private Journal? _journal;

    /// <summary>Whether the manifest on the disk is sure to name it.</summary>
    private bool _isNamed;
    private Task _background = Task.CompletedTask;

    private OrderedIndex(IndexOptions options, IndexFolder folder)
    {
        (_options, _folder, _layers) = (options, folder, new IndexLayers(folder, options.WasClosed));
        _committer = new(Commit);
        try
        {
            Begin();
            _layers.FlushReplayed();
            folder.DeleteStrangers(folder.ReadManifest());
        }
        catch (IOException failure) when (StoreDisk.IsFull(failure))
        {
            NoteFailure(failure);
        }
    }

    /// <summary>
    /// What went wrong in the background lately, or null. Commits go on meanwhile: what could not be flushed stays in memory and in its
    /// journal.
    /// </summary>
    internal Exception? LastBackgroundError { get; private set; }

    /// <summary>Opens the index in a folder, which is made where it is missing.</summary>
    /// <exception cref="IndexDamagedException">What is there cannot be trusted; the message names the file.</exception>
    /// <exception cref="IndexInUseException">Another process has it open.</exception>
    public static OrderedIndex Open(IndexOptions options)
    {
        var folder = IndexFolder.Take(options.Folder, options.Disk, options.Logger);
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
                value = _layers.View.Find(owned);
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
    /// Makes the changes of a batch that say what stands on the disk elsewhere already. They are seen by every reader once this returns,
    /// also where the disk fails: then they are brought there with the next commit, or by whoever finds after the next start that the index
    /// does not have them (<see cref="IsBehind"/>).
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

    /// <summary>How many bytes, about, are seen that no journal has.</summary>
    internal long BehindBytes => Volatile.Read(ref _behindBytes);

    /// <summary>Where much is seen that no journal has, tries to bring it there: what comes is in memory until that succeeds.</summary>
    /// <exception cref="IndexBehindException">It fails still.</exception>
    internal async ValueTask CatchUpAsync()
    {
        if (BehindBytes <= _options.FlushBytes)
        {
            return;
        }

        try
        {
            await _committer.CommitAsync(new IndexBatch());
        }
        catch (IOException failure)
        {
            throw new IndexBehindException(failure);
        }
    }

    /// <summary>
    /// Whether the next start may find other rows than there are now, for what the disk did not take or did not take back. Known while
    /// nobody commits.
    /// </summary>
    internal bool IsBehind => _behind.Count > 0 || IsInDoubt || _folder.IsTorn;

    /// <summary>
    /// Whether the next start may find rows of a commit that was refused. Where it is not, it finds none that was refused before.
    /// </summary>
    internal bool IsInDoubt => Volatile.Read(ref _journal) is { IsInDoubt: true };

    /// <summary>The index as it is now, for as long as the snapshot is not disposed.</summary>
    public IndexSnapshot Snapshot()
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(_folder.IsClosed, this);
            var view = _layers.View;
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
        _layers.Dispose();
        _folder.Dispose();
    }

    /// <summary>
    /// Begins the journal where that is still to be done. Nothing is committed to one that the manifest on the disk may not name; the old
    /// ones stay until what is in them is in a run.
    /// </summary>
    private Journal Begin()
    {
        if (_journal is not { } journal)
        {
            journal = _layers.Begin();
            Volatile.Write(ref _journal, journal);
        }

        if (!_isNamed)
        {
            _layers.WriteManifest();
            (_isNamed, LastBackgroundError) = (true, null);
        }

        return journal;
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
            Volatile.Write(ref _behindBytes, 0);
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
            Volatile.Write(ref _behindBytes, _behindBytes + settled.Sum(
                static batch => batch.Changes.Sum(static change => new MemoryEntry(change.Key, change.Value).Cost)));
            _layers.Publish(settled);
            throw;
        }

        _layers.Publish(batches);
        if (_layers.RecentBytes < _options.FlushBytes)
        {
            return;
        }

        if (!_layers.IsFlushing)
        {
            StartFlush();
        }
        else if (_background.IsCompleted)
        {
            // The flush failed, the disk was full perhaps: what it could not write is still in memory and in its journal.
            _background = Task.Run(FlushAndMerge);
        }
        else if (_layers.RecentBytes > 4 * _options.FlushBytes)
        {
            // Commits outrun the disk: they wait for it here, on the committer's own turn.
            _background.Wait();
        }
    }

    /// <summary>
    /// Only the committer calls this: between two groups, so that a journal and the commits in memory hold the same. Where the next journal
    /// cannot be begun, all goes on with the one there is, and the next commit tries again.
    /// </summary>
    private void StartFlush()
    {
        var full = _journal!;
        try
        {
            Volatile.Write(ref _journal, _layers.Turn());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What was committed stays so, whatever fails from here on.
            NoteFailure(failure);
            return;
        }

        full.Dispose();
        _background = _background.ContinueWith(_ => FlushAndMerge(), TaskScheduler.Default);
    }

    private void FlushAndMerge()
    {
        try
        {
            _layers.Flush();
            _layers.MergeMany();
            LastBackgroundError = null;
        }
        catch (IndexDamagedException damage)
        {
            NoteFailure(damage);
            _options.Damaged(damage);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            NoteFailure(failure);
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
}
