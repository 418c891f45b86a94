namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Files that are open under a name, each shared by all who use it: those in use, and the most recently used of the others, so that a warm
/// read opens nothing.
/// </summary>
/// <param name="limit">How many files nobody uses stay open.</param>
internal sealed class OpenFiles<TName, TFile>(int limit = OpenFiles<TName, TFile>.DefaultLimit) : IDisposable
    where TName : notnull
    where TFile : class, IDisposable
{
    /// <summary>How many files nobody uses stay open, where nothing else is said.</summary>
    public const int DefaultLimit = 512;

    private readonly Dictionary<TName, Entry> _entries = [];
    private readonly LinkedList<Entry> _idle = new();
    private bool _isClosed;

    /// <summary>Shares a file with whoever has it open; null where nobody has.</summary>
    public Lease? TryAcquire(TName name)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(name, out var entry) || !entry.Opening.IsCompletedSuccessfully)
            {
                return null;
            }

            Enter(entry);
            return new Lease(this, entry, entry.Opening.Result);
        }
    }

    /// <summary>Shares a file with whoever has it open, or opens it, on the pool and once for all who want it.</summary>
    /// <remarks>What the opening throws, all who waited for it are told; the next who comes opens it again.</remarks>
    public async ValueTask<Lease> AcquireAsync(TName name, Func<TName, TFile> open)
    {
        Entry entry;
        lock (_entries)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_entries.TryGetValue(name, out entry!))
            {
                entry = new Entry(name, Task.Run(() => open(name)));
                _entries.Add(name, entry);
            }

            Enter(entry);
        }

        try
        {
            return new Lease(this, entry, entry.Opening.IsCompletedSuccessfully ? entry.Opening.Result : await entry.Opening);
        }
        catch
        {
            Release(entry);
            throw;
        }
    }

    /// <summary>Makes an open file the one of its name, in place of another, which is closed with its last user.</summary>
    public Lease Put(TName name, TFile file)
    {
        lock (_entries)
        {
            Forget(name);
            var entry = new Entry(name, Task.FromResult(file)) { Users = 1 };
            _entries.Add(name, entry);
            return new Lease(this, entry, file);
        }
    }

    /// <summary>A name's file is another one from now on, or none. It is closed with its last user.</summary>
    public void Forget(TName name)
    {
        lock (_entries)
        {
            if (!_entries.Remove(name, out var entry))
            {
                return;
            }

            entry.IsForgotten = true;
            if (entry.Users == 0)
            {
                Close(entry);
            }
        }
    }

    /// <summary>The same for all names.</summary>
    public void ForgetAll()
    {
        lock (_entries)
        {
            foreach (var name in _entries.Keys.ToArray())
            {
                Forget(name);
            }
        }
    }

    /// <summary>The same for the file of a lease; where the name is another's by now, nothing happens.</summary>
    public void Forget(Lease lease)
    {
        lock (_entries)
        {
            if (lease.IsCurrent)
            {
                Forget(lease.Name);
            }
        }
    }

    /// <summary>The same, unless somebody uses the file.</summary>
    /// <returns>Whether nobody did.</returns>
    public bool TryForgetUnused(TName name)
    {
        lock (_entries)
        {
            if (_entries.TryGetValue(name, out var entry) && entry.Users > 0)
            {
                return false;
            }

            Forget(name);
            return true;
        }
    }

    /// <summary>
    /// Closes a file once nobody uses it, and goes on from there: at once where nobody does. Whoever comes meanwhile shares it still, and
    /// is waited for.
    /// </summary>
    public void CloseThen(TName name, Action then)
    {
        lock (_entries)
        {
            if (_entries.TryGetValue(name, out var entry))
            {
                entry.Then = then;
                if (entry.Users > 0)
                {
                    return;
                }

                Close(entry);
            }
        }

        then();
    }

    /// <summary>Closes the files that nobody uses; the others are closed with their last user.</summary>
    public void Dispose()
    {
        lock (_entries)
        {
            _isClosed = true;
            foreach (var entry in _idle.ToArray())
            {
                Close(entry);
            }
        }
    }

    /// <summary>Called with the lock held.</summary>
    private void Enter(Entry entry)
    {
        if (entry.Place is not null)
        {
            _idle.Remove(entry.Place);
            entry.Place = null;
        }

        entry.Users++;
    }

    private void Release(Entry entry)
    {
        Action? then;
        lock (_entries)
        {
            if (--entry.Users > 0)
            {
                return;
            }

            then = entry.Then;
            if (then is not null || _isClosed || entry.IsForgotten || !entry.Opening.IsCompletedSuccessfully)
            {
                Close(entry);
            }
            else
            {
                entry.Place = _idle.AddLast(entry);
                while (_idle.Count > limit)
                {
                    Close(_idle.First!.Value);
                }
            }
        }

        then?.Invoke();
    }

    /// <summary>Closes a file that nobody uses. Called with the lock held.</summary>
    private void Close(Entry entry)
    {
        if (!entry.IsForgotten)
        {
            _entries.Remove(entry.Name);
        }

        if (entry.Place is not null)
        {
            _idle.Remove(entry.Place);
            entry.Place = null;
        }

        if (entry.Opening.IsCompletedSuccessfully)
        {
            entry.Opening.Result.Dispose();
        }
    }

    /// <summary>The right to use a file until it is disposed.</summary>
    internal readonly struct Lease(OpenFiles<TName, TFile> owner, Entry entry, TFile file) : IDisposable
    {
        /// <summary>The file.</summary>
        public TFile File { get; } = file;

        /// <summary>The file's name.</summary>
        public TName Name => entry.Name;

        /// <summary>Whether the name is this file's still.</summary>
        public bool IsCurrent => !entry.IsForgotten;

        /// <inheritdoc/>
        public void Dispose() => owner.Release(entry);
    }

    /// <summary>One file, and who uses it.</summary>
    internal sealed class Entry(TName name, Task<TFile> opening)
    {
        /// <summary>Its name.</summary>
        public TName Name { get; } = name;

        /// <summary>The opening of it, shared by all who want it.</summary>
        public Task<TFile> Opening { get; } = opening;

        /// <summary>How many use it.</summary>
        public int Users { get; set; }

        /// <summary>Its place among those nobody uses.</summary>
        public LinkedListNode<Entry>? Place { get; set; }

        /// <summary>Whether its name is no longer its own.</summary>
        public bool IsForgotten { get; set; }

        /// <summary>What waits until nobody uses it.</summary>
        public Action? Then { get; set; }
    }
}
