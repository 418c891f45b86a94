namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Open files by name, each shared by all its users. Keeps the most recently used idle ones open, so that a repeated read opens nothing.
/// </summary>
/// <param name="limit">How many idle files stay open.</param>
internal sealed class OpenFiles<TName, TFile>(int limit) : IDisposable
    where TName : notnull
    where TFile : class, IDisposable
{
    private readonly Dictionary<TName, Entry> _entries = [];
    private readonly LinkedList<Entry> _idle = new();
    private bool _isClosed;

    /// <summary>Shares an open file; null if it is not open.</summary>
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

    /// <summary>Shares a file, or opens it, once for all who want it.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="tryOpen">Opens it if that needs no wait for the disk; otherwise returns null.</param>
    /// <param name="open">Opens it. Called on the thread pool.</param>
    /// <remarks>All waiters get the exception if opening fails; the next caller tries again.</remarks>
    public async ValueTask<Lease> AcquireAsync(TName name, Func<TName, TFile?> tryOpen, Func<TName, TFile> open)
    {
        Entry entry;
        TaskCompletionSource<TFile>? opening = null;
        lock (_entries)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_entries.TryGetValue(name, out entry!))
            {
                opening = new TaskCompletionSource<TFile>(TaskCreationOptions.RunContinuationsAsynchronously);
                entry = new Entry(name, opening.Task);
                _entries.Add(name, entry);
            }

            Enter(entry);
        }

        if (opening is not null)
        {
            Open(opening, name, tryOpen, open);
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

    /// <summary>Makes an open file the one of its name. A replaced file is closed with its last user.</summary>
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

    /// <summary>Removes a name's file, which is closed with its last user.</summary>
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

    /// <summary>Removes the files of all names.</summary>
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

    /// <summary>Removes a lease's file, unless the name has another one by now.</summary>
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

    /// <summary>Removes a name's file unless it is in use.</summary>
    /// <returns>True if it was not in use.</returns>
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
    /// Closes a file and calls <paramref name="then"/> once it is idle, at once if it already is. New users until then still share it and
    /// are waited for.
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

    /// <summary>Closes idle files; the others are closed with their last user.</summary>
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

    private static void Open(TaskCompletionSource<TFile> opening, TName name, Func<TName, TFile?> tryOpen, Func<TName, TFile> open)
    {
        try
        {
            if (tryOpen(name) is { } file)
            {
                opening.SetResult(file);
                return;
            }
        }
        catch (Exception failure)
        {
            opening.SetException(failure);
            return;
        }

        _ = Task.Run(() =>
        {
            try
            {
                opening.SetResult(open(name));
            }
            catch (Exception failure)
            {
                opening.SetException(failure);
            }
        });
    }

    /// <summary>Called under the lock.</summary>
    private void Enter(Entry entry)
    {
        LeaveIdle(entry);
        entry.Users++;
    }

    /// <summary>Takes an entry out of the idle ones. Called under the lock.</summary>
    private void LeaveIdle(Entry entry)
    {
        if (entry.Place is not null)
        {
            _idle.Remove(entry.Place);
            entry.Place = null;
        }
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

    /// <summary>Closes an idle file. Called under the lock.</summary>
    private void Close(Entry entry)
    {
        if (!entry.IsForgotten)
        {
            _entries.Remove(entry.Name);
        }

        LeaveIdle(entry);
        if (entry.Opening.IsCompletedSuccessfully)
        {
            entry.Opening.Result.Dispose();
        }
    }

    /// <summary>The right to use a file until disposed.</summary>
    internal readonly struct Lease(OpenFiles<TName, TFile> owner, Entry entry, TFile file) : IDisposable
    {
        public TFile File { get; } = file;

        public TName Name => entry.Name;

        /// <summary>True if the name still has this file.</summary>
        public bool IsCurrent => !entry.IsForgotten;

        /// <inheritdoc/>
        public void Dispose() => owner.Release(entry);
    }

    internal sealed class Entry(TName name, Task<TFile> opening)
    {
        public TName Name { get; } = name;

        /// <summary>Shared by all who wait for the file.</summary>
        public Task<TFile> Opening { get; } = opening;

        public int Users { get; set; }

        /// <summary>Its place among the idle files.</summary>
        public LinkedListNode<Entry>? Place { get; set; }

        /// <summary>True if its name no longer has this file.</summary>
        public bool IsForgotten { get; set; }

        /// <summary>Called when it is idle.</summary>
        public Action? Then { get; set; }
    }
}
