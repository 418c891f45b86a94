using System.Buffers;

using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// Fetches stretches of one version from the remote, one request after the other, into its copy: at the remote's speed, whoever reads
/// it and however slowly (rule C1). Runs apart from every client.
/// </summary>
/// <remarks>Fields that say what it will fetch are its object's, and touched under its object's lock alone.</remarks>
internal sealed class Fill
{
    /// <summary>
    /// So far ahead of what is stored may it have read. Nobody is given bytes nearer than that to the place it has reached: two writers
    /// never store the same ones.
    /// </summary>
    public const int BufferSize = 256 * 1024;

    private readonly ActiveEntry _owner;
    private readonly LinkedList<ByteRange> _plan;
    private readonly FillSubscription? _starter;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ExpectedDigest? _hash;
    private bool _endsWithChunk;
    private bool _isRight;

    /// <summary>A fill of some stretches, in order.</summary>
    /// <param name="owner">The object.</param>
    /// <param name="plan">The stretches.</param>
    /// <param name="trace">What it tells of itself; null where nobody listens.</param>
    /// <param name="starter">The read that needs them first; null where they are fetched ahead.</param>
    public Fill(ActiveEntry owner, LinkedList<ByteRange> plan, FillTrace? trace, FillSubscription? starter)
    {
        (_owner, _plan, Trace, _starter) = (owner, plan, trace, starter);
        TakeNext();
        if (Current == new ByteRange(0, owner.Copy.Info.Size - 1))
        {
            _hash = ExpectedDigest.Of(owner.Copy.Info);
        }
    }

    /// <summary>What it tells of itself; null where nobody listens.</summary>
    public FillTrace? Trace { get; }

    /// <summary>What it has still to fetch of the stretch at hand; null between two and at the end.</summary>
    public ByteRange? Current { get; private set; }

    /// <summary>The stretches after that.</summary>
    public LinkedList<ByteRange> Planned => _plan;

    /// <summary>Whether the remote has begun to answer with the stretch at hand, and so has the version still.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Why it ended early, or null.</summary>
    public RemoteException? Failure { get; private set; }

    /// <summary>Whether it has brought all of the object, and hashed it.</summary>
    private bool IsHashed => _hash is not null && _hash.Length == _owner.Copy.Info.Size;

    /// <summary>Whether a read started it.</summary>
    public bool IsOf(FillSubscription read) => ReferenceEquals(_starter, read);

    /// <summary>Leaves the rest of the stretch at hand, from a position on, to another.</summary>
    public void LeaveFrom(long position) => Current = Current!.Value with { Last = position - 1 };

    /// <summary>Nobody reads any more: ends at once, or once the chunks that were touched are whole (rule C2).</summary>
    public void Abandon(FillOnAbort mode)
    {
        if (mode == FillOnAbort.Drop)
        {
            _cancel.CancelAfter(TimeSpan.Zero);
            return;
        }

        EndWithChunk();
    }

    /// <summary>Ends once the chunks are whole that it has touched. Of an object held whole that is all of it.</summary>
    public void EndWithChunk()
    {
        var chunk = _owner.Copy.Identity.ChunkSize;
        if (chunk == 0 || _endsWithChunk)
        {
            return;
        }

        _endsWithChunk = true;
        if (Current is { } current)
        {
            Current = current with { Last = Math.Min(current.Last, FillPlan.EndOfChunk(current.First + BufferSize, chunk) - 1) };
            for (var node = _plan.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.First > current.First)
                {
                    _plan.Remove(node);
                }

                node = next;
            }
        }
    }

    /// <summary>Fetches all that is planned; the first stretch from an answer that is there already, if one is given.</summary>
    public async Task RunAsync(RemoteObject? answered)
    {
        var (outcome, error) = (Outcomes.Ok, default(string));
        Trace?.Enter();
        try
        {
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(_owner.Copy.Info.Size, 1, BufferSize));
            try
            {
                while (Stretch() is { } stretch)
                {
                    Trace?.Asking(stretch, _owner.Copy.Identity.ChunkSize);
                    var source = answered ?? await AskAsync(stretch);
                    answered = null;
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
                if (answered is not null)
                {
                    await answered.DisposeAsync();
                }
            }

            switch (await IsRightAsync())
            {
                case false:
                    outcome = Outcomes.Mismatch;
                    await _owner.MismatchedAsync();
                    break;
                case true:
                    await _owner.Copy.CompleteAsync(CancellationToken.None);
                    if (!IsHashed)
                    {
                        _owner.CheckChunks();
                    }

                    break;
            }
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            // What is there stays.
            outcome = Outcomes.Dropped;
        }
        catch (RemoteException failure)
        {
            (outcome, error) = (Outcomes.Failed, failure.Failure.ToString());
            Failure = await _owner.FailedAsync(failure);
        }
        catch (StoreFailedException failure) when (_starter is null && failure.InnerException is CacheFullException)
        {
            // Those who read go on with the room they have; who comes to what was to be there already has it fetched then.
            (outcome, error) = (Outcomes.NotStored, nameof(CacheFullException));
            _owner.NoRoomAhead();
        }
        catch (StoreFailedException failure)
        {
            (outcome, error) = (Outcomes.NotStored, (failure.InnerException ?? failure).GetType().Name);
            await _owner.StoreFailedAsync(failure.InnerException ?? failure);
        }
        catch (Exception unexpected)
        {
            var failure = new RemoteException(RemoteFailure.BodyBroken, "A fill ended for a reason nobody foresaw.", unexpected);
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
    /// Whether what is stored now is what the remote promised; null where others have still to bring some of it. What came in one run was
    /// hashed as it came. What became whole in pieces is read back, whoever brought them: of several fills, by the last, after whose bytes
    /// none is missing. Of an object in chunks, whose chunks count as they come, that is <see cref="BackgroundVerifier"/>' matter.
    /// </summary>
    private async ValueTask<bool?> IsRightAsync()
    {
        if (IsHashed)
        {
            return _isRight;
        }

        try
        {
            return _owner.Copy.Identity.ChunkSize > 0 ? true : await ReadBack.IsRightAsync(_owner.Copy, CancellationToken.None);
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

    /// <summary>The stretch at hand, or the next planned; null when all is done.</summary>
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

    private async Task<RemoteObject> AskAsync(ByteRange stretch)
    {
        var info = _owner.Copy.Info;
        var source = await _owner.Remote.Remote.GetAsync(RemoteReads.Of(_owner.Remote, _owner.Name.Key, info.ETag, stretch), _cancel.Token);
        if (ETags.Same(source.Info.ETag, info.ETag) && source.Info.Size == info.Size)
        {
            return source;
        }

        await source.DisposeAsync();
        throw new RemoteException(RemoteFailure.Changed, "The remote answered with another version than the one asked for.");
    }

    private async Task CopyAsync(RemoteObject source, ByteRange stretch, byte[] buffer)
    {
        await RemoteReads.SkipToAsync(source, stretch.First, buffer, _cancel.Token);
        var (position, start, end) = (stretch.First, 0, 0);
        while (Remaining(position + (end - start)) is > 0 and var wanted)
        {
            if (end == buffer.Length)
            {
                await StoreAsync(position, buffer.AsMemory(start, end - start));
                position += end - start;
                (start, end) = (0, 0);
                continue;
            }

            var reading = source.Body.ReadAsync(buffer.AsMemory(end, (int)Math.Min(wanted, buffer.Length - end)), _cancel.Token);
            if (!reading.IsCompleted && end > start)
            {
                // The remote pauses: what came so far is stored meanwhile, so that readers have it.
                var pending = reading.AsTask();
                try
                {
                    await StoreAsync(position, buffer.AsMemory(start, end - start));
                }
                catch
                {
                    // The buffer is not given back while a read may still write into it.
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
                : throw new RemoteException(RemoteFailure.BodyBroken, "The remote's answer ended early.");
        }
        catch (IOException failure)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, "The remote's answer broke off.", failure);
        }
    }

    /// <summary>How many bytes from a position on are this fill's to fetch: another may have taken over the rest meanwhile.</summary>
    private long Remaining(long position)
    {
        lock (_owner.Gate)
        {
            return (Current?.Last ?? -1) + 1 - position;
        }
    }

    /// <summary>
    /// Stores bytes. The last of an object that came in one run only once it is known whether it is right: one that is wrong is dropped
    /// before, or hidden where it is dropped by calls, so that nobody ever finds all of it. Those who read it already get what it lacks.
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
            await _owner.Copy.WriteAsync(position, bytes, _cancel.Token);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new StoreFailedException(failure);
        }

        Trace?.Stored(position, bytes.Length);
        lock (_owner.Gate)
        {
            Current = Current!.Value with { First = position + bytes.Length };
            if (!_owner.Copy.MayGrow)
            {
                EndWithChunk();
            }
        }

        _owner.Pulse();
    }
}
