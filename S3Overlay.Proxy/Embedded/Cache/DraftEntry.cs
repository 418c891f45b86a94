using S3Overlay.Proxy.Overlay.Cache.Blocks;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// A small entry that has no file yet: its bytes are in memory, where readers follow the fill. <see cref="Drafts"/> gives it a file once it
/// is complete, or left by its last user, or when something else than a read needs it. What is written after that goes to the file too;
/// what is written until then does not wait for it.
/// </summary>
internal sealed class DraftEntry(
    ObjectName name, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt, Drafts drafts, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly byte[] _bytes = new byte[info.Size];
    private readonly BlockTable _blocks = new(new BlockGeometry(info.Size, 0), new uint[1]);
    private TaskCompletionSource<ICacheEntry?>? _settling;
    private bool _isWithdrawn;
    private bool _isQueued;

    /// <summary>How often something was written before it was settled.</summary>
    private int _writes;
    private volatile bool _isSettled;
    private int _users;

    public ObjectName Name => name;

    public ObjectInfo Info => info;

    /// <summary>When it was last looked up, or created.</summary>
    public DateTimeOffset Used { get; private set; }

    private EntryIdentity Identity => identity;

    private DateTimeOffset ValidatedAt => validatedAt;

    /// <summary>The header of its file.</summary>
    public CacheFileHeader Header => new(name.Bucket, name.Key, identity, info, validatedAt);

    /// <summary>All its bytes, if it is complete; else null.</summary>
    public byte[]? Whole => _blocks[0] != 0 ? _bytes : null;

    /// <summary>The table entry of its block; 0 if it is not complete.</summary>
    public uint Checksum => _blocks[0];

    /// <summary>Cached bytes that no file has.</summary>
    public long CachedBytes => _isSettled ? 0 : _blocks.CachedBytes();

    /// <summary>A new user; null if it has a file by now, or will never have one.</summary>
    public ICacheEntry? TryUse()
    {
        lock (_lock)
        {
            if (_isWithdrawn || _isSettled)
            {
                return null;
            }

            _users++;
            Used = time.GetUtcNow();
            return new Handle(this);
        }
    }

    /// <summary>Makes it an entry of no key. Present users keep it.</summary>
    /// <returns>What settles it, if that has begun; null if it will never have a file.</returns>
    public Task<ICacheEntry?>? Withdraw()
    {
        lock (_lock)
        {
            _isWithdrawn = true;
            return _settling?.Task;
        }
    }

    /// <summary>Begins to give it a file.</summary>
    /// <returns>Null if it needs none; else whether the caller is the one that has to do it, and what to wait for otherwise.</returns>
    public (bool IsCallers, TaskCompletionSource<ICacheEntry?> Settling)? BeginSettling()
    {
        lock (_lock)
        {
            if (_isWithdrawn && _settling is null)
            {
                return null;
            }

            var isFirst = _settling is null;
            return (isFirst, _settling ??= new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    /// <summary>
    /// Ends what <see cref="BeginSettling"/> began, once the file has all that was written so far. From now on, writes go there too. The
    /// file stays open for present users.
    /// </summary>
    /// <param name="file">The file; null if there is none, since the disk failed.</param>
    /// <param name="failed">Called if the disk fails only now.</param>
    public async Task SettledAsync(ICacheEntry? file, Action<Exception> failed)
    {
        bool isLeft;
        for (var copied = -1; ;)
        {
            lock (_lock)
            {
                if (file is null || copied == _writes)
                {
                    _isSettled = true;
                    isLeft = _users == 0;
                    break;
                }

                copied = _writes;
            }

            try
            {
                await CopyToAsync(file);
            }
            catch (Exception failure)
            {
                failed(failure);
                await file.DisposeAsync();
                file = null;
            }
        }

        if (file is CacheTable.EntryHandle { File.Account: { } account } && account.Used < Used)
        {
            // It was looked up while the file was written.
            account.Use(Used);
        }

        if (isLeft && file is not null)
        {
            await file.DisposeAsync();
        }

        // Those who wait find no user of the file but the draft's.
        _settling!.SetResult(file);
        if (!isLeft)
        {
            Close();
        }
    }

    /// <summary>Copies to its file what that does not have.</summary>
    private async Task CopyToAsync(ICacheEntry file)
    {
        for (var position = 0L; _blocks.FirstCached(position) is { } run; position = run.Last + 1)
        {
            if (file.FirstCached(run.First) is { } there && there.First <= run.First && there.Last >= run.Last)
            {
                continue;
            }

            await file.WriteAsync(run.First, _bytes.AsMemory((int)run.First, (int)run.Length), CancellationToken.None);
        }
    }

    private bool IsCurrent
    {
        get
        {
            lock (_lock)
            {
                return !_isWithdrawn
                    && (_settling is not { Task: { IsCompletedSuccessfully: true, Result: var file } } || file is { IsCurrent: true });
            }
        }
    }

    private ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Task<ICacheEntry?>? settling;
        lock (_lock)
        {
            Put(position, bytes.Span);
            _writes++;
            settling = _isSettled ? _settling!.Task : null;
        }

        return settling is null ? ValueTask.CompletedTask : new(WriteThroughAsync(settling, position, bytes, cancellationToken));
    }

    private static async Task WriteThroughAsync(
        Task<ICacheEntry?> settling, long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (await settling.WaitAsync(cancellationToken) is { } file)
        {
            await file.WriteAsync(position, bytes, cancellationToken);
        }
    }

    /// <summary>Bytes that it has stay as they are: readers may be copying them.</summary>
    private void Put(long position, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..(int)Math.Min(bytes.Length, Math.Max(0, info.Size - position))];
        while (!bytes.IsEmpty)
        {
            var (length, isMissing) = _blocks.Stretch(position, bytes.Length);
            if (isMissing)
            {
                bytes[..length].CopyTo(_bytes.AsSpan((int)position));
                if (_blocks.Add(position, bytes[..length]) is { } pieces)
                {
                    _blocks.Complete(0, BlockTable.Entry(pieces.Count == 1 ? pieces[0].Checksum : Crc32C.Compute(_bytes)));
                }
            }

            position += length;
            bytes = bytes[length..];
        }
    }

    /// <summary>Has it written to a file soon, once.</summary>
    private void Queue()
    {
        if (!Interlocked.Exchange(ref _isQueued, true))
        {
            drafts.Queue(this);
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            _users--;
        }

        Close();
    }

    /// <summary>Without users it needs a file, and that need not stay open.</summary>
    private void Close()
    {
        ICacheEntry? file;
        lock (_lock)
        {
            if (_users > 0)
            {
                return;
            }

            file = _settling is { Task: { IsCompleted: true, Result: var settled } } ? settled : null;
        }

        Queue();
        _ = file?.DisposeAsync();
    }

    /// <summary>One user's reference to it.</summary>
    private sealed class Handle(DraftEntry draft) : ICacheEntry
    {
        private bool _isDisposed;

        /// <inheritdoc/>
        public EntryIdentity Identity => draft.Identity;

        /// <inheritdoc/>
        public ObjectInfo Info => draft.Info;

        /// <inheritdoc/>
        public DateTimeOffset ValidatedAt => draft.ValidatedAt;

        /// <inheritdoc/>
        public bool IsCurrent => draft.IsCurrent;

        /// <inheritdoc/>
        public ByteRange? FirstCached(long position) => draft._blocks.FirstCached(position);

        /// <inheritdoc/>
        public IEntryReader Read(ByteRange range) => new Reader(draft, range);

        /// <inheritdoc/>
        public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            draft.WriteAsync(position, bytes, cancellationToken);

        /// <inheritdoc/>
        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            if (draft.Whole is not null)
            {
                draft.Queue();
            }

            return ValueTask.CompletedTask;
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            if (!Interlocked.Exchange(ref _isDisposed, true))
            {
                draft.Leave();
            }

            return ValueTask.CompletedTask;
        }
    }

    private sealed class Reader(DraftEntry draft, ByteRange range) : IEntryReader
    {
        private long _position = range.First;

        /// <inheritdoc/>
        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_position > range.Last || draft._blocks.FirstCached(_position) is not { } run || run.First > _position)
            {
                return new(0);
            }

            var read = (int)Math.Min(buffer.Length, Math.Min(range.Last, run.Last) + 1 - _position);
            draft._bytes.AsMemory((int)_position, read).CopyTo(buffer);
            _position += read;
            return new(read);
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
