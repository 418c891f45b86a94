using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>An ordered, persistent map of bytes to bytes: a log-structured merge tree.</summary>
/// <remarks>
/// <code>
///   commit -> journal (one sync for all waiting commits) -> commits in memory -> sorted run -> merged runs
/// </code>
/// <see cref="IndexOptions.FlushBytes"/> limits what is in memory and what a start replays, so neither grows with the data. Readers take no
/// lock; they see an immutable view, which is replaced as a whole. A commit is on disk before it is visible. Opening needs no disk space:
/// if there is none, replayed commits stay in memory and in their journals, and the first commit that finds space begins the next journal.
/// </remarks>
public sealed class OrderedIndex : IAsyncDisposable
{
    private readonly IndexOptions _options;
    private readonly IndexFolder _folder;
    private readonly IndexLayers _layers;
    private readonly Committer<IndexBatch> _committer;

    /// <summary>Visible batches that no journal has yet. Only the committer uses this.</summary>
    private readonly List<IndexBatch> _behind = [];
    private long _behindBytes;

    /// <summary>The current journal; null until one could be created.</summary>
    private Journal? _journal;

    /// <summary>True if the manifest on disk is sure to name it.</summary>
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
    /// The most recent background failure, or null. Commits continue: what could not be flushed stays in memory and in its journal.
    /// </summary>
    internal Exception? LastBackgroundError { get; private set; }

    /// <summary>Opens the index in a folder, and creates it if missing.</summary>
    /// <exception cref="IndexDamagedException">The files cannot be trusted; the message names the file.</exception>
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

    /// <summary>A key's value as of the last commit.</summary>
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
                // A run was merged away between taking the view and reading its file: the next view has the merged one.
            }
        }
    }

    /// <summary>Applies a batch, all or nothing. Returns once it is on disk and visible to every reader.</summary>
    public ValueTask CommitAsync(IndexBatch batch) => batch.Count == 0 ? ValueTask.CompletedTask : _committer.CommitAsync(batch);

    /// <summary>
    /// Applies a batch whose changes are already on disk elsewhere. They are visible to every reader once this returns, even if the disk
    /// fails: then they are written with the next commit, or after the next start by the owner, which finds that the index lacks them
    /// (<see cref="IsBehind"/>).
    /// </summary>
    /// <returns>True if they are on disk.</returns>
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
            // Visible, and kept among what the index is behind with.
            return false;
        }
    }

    /// <summary>Approximate bytes that are visible but in no journal.</summary>
    internal long BehindBytes => Volatile.Read(ref _behindBytes);

    /// <summary>Tries to write pending changes if there are many: new ones stay in memory until that succeeds.</summary>
    /// <exception cref="IndexBehindException">It still fails.</exception>
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
    /// True if the next start may find other rows than there are now, because the disk refused changes or a rollback. Valid while no commit
    /// runs.
    /// </summary>
    internal bool IsBehind => _behind.Count > 0 || IsInDoubt || _folder.IsTorn;

    /// <summary>True if the next start may find rows of a refused commit. If false, it finds no earlier refused commit either.</summary>
    internal bool IsInDoubt => Volatile.Read(ref _journal) is { IsInDoubt: true };

    /// <summary>The index as it is now, until the snapshot is disposed.</summary>
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
    /// Creates the journal if that is still to be done. Commits never go to a journal that the manifest on disk may not name; the old ones
    /// stay until their content is in a run.
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

    /// <summary>Writes pending changes to the journal, if the disk allows it.</summary>
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

    /// <summary>Appends batches to the journal, after pending ones.</summary>
    private void Append(IReadOnlyList<IndexBatch> batches)
    {
        if (_behind.Count + batches.Count > 0 || IsInDoubt)
        {
            Begun().Append([.. _behind.Concat(batches).Select(BatchRecord.Encode)]);
            _behind.Clear();
            Volatile.Write(ref _behindBytes, 0);
        }
    }

    /// <summary>The journal, with the failure to create it reported like a failed write.</summary>
    /// <exception cref="IOException">It cannot be created, for whatever reason.</exception>
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
            // The flush failed, perhaps on a full disk: its commits are still in memory and in their journal.
            _background = Task.Run(FlushAndMerge);
        }
        else if (_layers.RecentBytes > 4 * _options.FlushBytes)
        {
            // Commits outrun the disk: they wait here, on the committer's own turn.
            _background.Wait();
        }
    }

    /// <summary>
    /// Called by the committer only, between two groups, so that a journal and the commits in memory match. If the next journal cannot be
    /// created, the present one continues, and the next commit tries again.
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
            // Committed changes stay committed, whatever fails from here on.
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

    /// <summary>Logs the first of several failures in a row.</summary>
    private void NoteFailure(Exception failure)
    {
        if (LastBackgroundError is null)
        {
            Log.IndexNotFlushed(_options.Logger, _options.Folder, failure);
        }

        LastBackgroundError = failure;
    }
}
