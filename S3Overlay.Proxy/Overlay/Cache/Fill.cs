using System.Buffers;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Transfers ranges of one version from the remote into its entry, one request after the other, at the remote's speed (rule C1). Does not
/// depend on any client.
/// </summary>
/// <remarks><see cref="Current"/> and <see cref="Planned"/> are guarded by the entry's <see cref="ActiveEntry.Gate"/>.</remarks>
internal sealed class Fill
{
    /// <summary>
    /// Maximum bytes buffered ahead of the write position. No other fill may start inside this window, so two fills never write the same
    /// bytes.
    /// </summary>
    public const int BufferSize = 512 * 1024;

    private readonly ActiveEntry _owner;
    private readonly LinkedList<ByteRange> _plan;
    private readonly FillSubscription? _starter;
    private readonly ByteRange? _needed;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ExpectedDigest? _hash;
    private bool _endsWithChunk;
    private bool _isRight;

    /// <summary>Creates a fill of some ranges, in order.</summary>
    /// <param name="owner">The entry.</param>
    /// <param name="plan">The ranges.</param>
    /// <param name="trace">Counts and traces it.</param>
    /// <param name="starter">The read that needs the bytes; null for read-ahead.</param>
    /// <param name="needed">The blocks that it needs, if the rest is read-ahead; null if it needs all.</param>
    public Fill(ActiveEntry owner, LinkedList<ByteRange> plan, FillTrace trace, FillSubscription? starter, ByteRange? needed)
    {
        (_owner, _plan, Trace, _starter, _needed) = (owner, plan, trace, starter, needed);
        TakeNext();

        // Cached bytes stay as they are: a hash of what the remote sends would say nothing about them.
        if (Current == new ByteRange(0, owner.Entry.Info.Size - 1) && owner.Entry.FirstCached(0) is null)
        {
            _hash = ExpectedDigest.Of(owner.Entry.Info);
        }
    }

    public FillTrace Trace { get; }

    /// <summary>What is left of the current range; null between two ranges and at the end.</summary>
    public ByteRange? Current { get; private set; }

    public LinkedList<ByteRange> Planned => _plan;

    /// <summary>True once the remote has begun to send the current range, and so still has the version.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Why it ended early; null if it did not.</summary>
    public RemoteException? Failure { get; private set; }

    /// <summary>True if no read has asked for the bytes that come next.</summary>
    private bool IsAhead
    {
        get
        {
            lock (_owner.Gate)
            {
                return _starter is null
                    || (_needed is { } needed && Current is { } now && (now.First > needed.Last || now.Last < needed.First));
            }
        }
    }

    /// <summary>True if this fill brought and hashed the whole object.</summary>
    private bool IsHashed => _hash is not null && _hash.Length == _owner.Entry.Info.Size;

    public bool IsOf(FillSubscription read) => ReferenceEquals(_starter, read);

    /// <summary>Ends the current range before a position: another fill takes the rest.</summary>
    public void LeaveFrom(long position) => Current = Current!.Value with { Last = position - 1 };

    /// <summary>The last reader left: stop now, or after the touched chunks (rule C2).</summary>
    public void Abandon(FillOnAbort mode)
    {
        if (mode == FillOnAbort.Drop)
        {
            _cancel.CancelAfter(TimeSpan.Zero);
            return;
        }

        EndWithChunk();
    }

    /// <summary>Stop after the touched chunks. An object cached whole is one chunk.</summary>
    public void EndWithChunk()
    {
        var chunk = _owner.Entry.Identity.ChunkSize;
        if (chunk == 0 || _endsWithChunk)
        {
            return;
        }

        _endsWithChunk = true;
        if (Current is { } current)
        {
            var end = EntryIdentity.EndOfChunk(current.First + BufferSize, chunk);
            Current = current with { Last = Math.Min(current.Last, end - 1) };

            // Of a chunk in which only a later range begins, nothing was requested yet.
            end = EntryIdentity.EndOfChunk(Current.Value.Last, chunk);
            for (var node = _plan.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.First >= end)
                {
                    _plan.Remove(node);
                }
                else
                {
                    node.Value = node.Value with { Last = Math.Min(node.Value.Last, end - 1) };
                }

                node = next;
            }
        }
    }

    /// <summary>Runs the fill. Reads the first range from <paramref name="response"/> if given.</summary>
    public async Task RunAsync(RemoteObject? response)
    {
        var (outcome, error) = (Outcomes.Ok, default(string));
        Trace.Enter();
        try
        {
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(_owner.Entry.Info.Size, 1, BufferSize));
            try
            {
                while (Stretch() is { } stretch)
                {
                    Trace.Asking(stretch, _owner.Entry.Identity.ChunkSize);
                    RemoteResult asking = response is null ? await AskAsync(stretch) : response;
                    response = null;
                    if (asking.Failure is { } refused)
                    {
                        (outcome, error) = (Outcomes.Failed, refused.Failure.ToString());
                        Failure = await _owner.FailedAsync(refused);
                        return;
                    }

                    var source = asking.Found!;
                    await using (source)
                    {
                        _owner.Began(this);
                        await CopyAsync(source, stretch, buffer);
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
                if (response is not null)
                {
                    await response.DisposeAsync();
                }
            }

            switch (await IsRightAsync())
            {
                case false:
                    outcome = Outcomes.Mismatch;
                    await _owner.MismatchedAsync();
                    break;
                case true:
                    await _owner.Entry.CompleteAsync(CancellationToken.None);
                    if (!IsHashed)
                    {
                        _owner.CheckChunks();
                    }

                    break;
            }
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            // The bytes stored so far stay cached.
            outcome = Outcomes.Dropped;
        }
        catch (RemoteException failure)
        {
            (outcome, error) = (Outcomes.Failed, failure.Failure.ToString());
            Failure = await _owner.FailedAsync(failure);
        }
        catch (StoreFailedException failure) when (failure.InnerException is CacheFullException && IsAhead)
        {
            // Read-ahead found no room. Readers go on with what they have, and start fills for what they need.
            (outcome, error) = (Outcomes.NotStored, nameof(CacheFullException));
            _owner.NoRoomAhead();
        }
        catch (StoreFailedException failure)
        {
            (outcome, error) = (Outcomes.NotStored, failure.InnerException!.GetType().Name);
            await _owner.StoreFailedAsync(failure.InnerException!);
        }
        catch (Exception unexpected)
        {
            var failure = new RemoteException(RemoteFailure.BodyBroken, "A fill failed unexpectedly.", unexpected);
            (outcome, error) = (Outcomes.Failed, unexpected.GetType().Name);
            Failure = await _owner.FailedAsync(failure);
        }
        finally
        {
            _hash?.Dispose();
            await _owner.EndedAsync(this, outcome, error);
        }
    }

    /// <summary>
    /// Whether the stored bytes match what the remote promised; null while other fills still have bytes to bring. Bytes of a single run
    /// were hashed on the way. An object that came in pieces is read back by the fill that stores the last byte. Chunked objects are left
    /// to <see cref="BackgroundVerifier"/>.
    /// </summary>
    private async ValueTask<bool?> IsRightAsync()
    {
        if (IsHashed)
        {
            return _isRight;
        }

        try
        {
            return _owner.Entry.Identity.ChunkSize > 0 ? true : await ExpectedDigest.IsRightAsync(_owner.Entry, CancellationToken.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new StoreFailedException(failure);
        }
    }

    private void TakeNext()
    {
        HasBegun = false;
        Current = _plan.First?.Value;
        if (_plan.First is not null)
        {
            _plan.RemoveFirst();
        }
    }

    /// <summary>The current range, or the next one; null at the end.</summary>
    private ByteRange? Stretch()
    {
        lock (_owner.Gate)
        {
            while (Current is { } current && current.First > current.Last)
            {
                TakeNext();
            }

            return Current;
        }
    }

    private async Task<RemoteResult> AskAsync(ByteRange stretch)
    {
        var info = _owner.Entry.Info;
        var result = await _owner.Remote.Remote.TryGetAsync(_owner.Remote.Read(_owner.Name.Key, info.ETag, stretch), _cancel.Token);
        if (result.Found is not { } source || (ETags.Same(source.Info.ETag, info.ETag) && source.Info.Size == info.Size))
        {
            return result;
        }

        await source.DisposeAsync();
        return new RemoteException(RemoteFailure.Changed, "The remote sent another version than the one requested.");
    }

    private async Task CopyAsync(RemoteObject source, ByteRange stretch, byte[] buffer)
    {
        await source.SkipToAsync(stretch.First, buffer, _cancel.Token);
        var (position, start, end) = (stretch.First, 0, 0);
        var turn = new Turn(BufferSize);
        while (Remaining(position + (end - start)) is > 0 and var wanted)
        {
            if (end == buffer.Length)
            {
                await StoreAsync(position, buffer.AsMemory(start, end - start));
                position += end - start;
                (start, end) = (0, 0);
                turn.Did(buffer.Length);
                if (turn.IsOver)
                {
                    await Task.Yield();
                    turn.Begin();
                }

                continue;
            }

            var reading = source.Body.ReadAsync(buffer.AsMemory(end, (int)Math.Min(wanted, buffer.Length - end)), _cancel.Token);
            if (!reading.IsCompleted && end > start)
            {
                // The remote paused: store what came so far, so that readers get it.
                var pending = reading.AsTask();
                try
                {
                    await StoreAsync(position, buffer.AsMemory(start, end - start));
                }
                catch
                {
                    // A pending read may still write into the buffer.
                    await _cancel.CancelAsync();
                    await pending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                        TaskScheduler.Default);
                    throw;
                }

                position += end - start;
                start = end;
                reading = new(pending);
            }

            var read = await ReadAsync(reading);
            end += read;
        }

        if (end > start)
        {
            await StoreAsync(position, buffer.AsMemory(start, end - start));
        }
    }

    private static async ValueTask<int> ReadAsync(ValueTask<int> reading)
    {
        try
        {
            return await reading is > 0 and var read
                ? read
                : throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
        }
        catch (IOException failure)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response broke off.", failure);
        }
    }

    /// <summary>How many bytes from a position on are still this fill's: another fill may have taken over the rest.</summary>
    private long Remaining(long position)
    {
        lock (_owner.Gate)
        {
            return (Current?.Last ?? -1) + 1 - position;
        }
    }

    /// <summary>
    /// Stores bytes. A wrong object is evicted or hidden before its last bytes are stored, so no lookup finds all of it. Current readers
    /// still get their bytes.
    /// </summary>
    private async Task StoreAsync(long position, ReadOnlyMemory<byte> bytes)
    {
        _hash?.Append(bytes.Span);
        if (IsHashed && !(_isRight = _hash!.Matches()))
        {
            await _owner.MismatchedAsync();
        }

        try
        {
            await _owner.Entry.WriteAsync(position, bytes, _cancel.Token);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new StoreFailedException(failure);
        }

        Trace.Stored(position, bytes.Length);
        lock (_owner.Gate)
        {
            Current = Current!.Value with { First = position + bytes.Length };
            if (!_owner.Entry.MayGrow)
            {
                EndWithChunk();
            }
        }

        _owner.Pulse();
    }

    /// <summary>The bytes cannot be stored: reads go on without the store (rule R3).</summary>
    private sealed class StoreFailedException(Exception cause) : Exception(cause.Message, cause);
}
