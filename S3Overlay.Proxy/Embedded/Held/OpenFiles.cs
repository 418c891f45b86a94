namespace S3Overlay.Proxy.Embedded.Held;

/// <summary>
/// The files of the copies used last, kept open with their tables: a warm read then costs a look-up. Bounded, the least recently used is
/// closed first. What is still being read stays open until its readers are done.
/// </summary>
internal sealed class OpenFiles(int capacity) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Bucket, string Key), LinkedListNode<HeldFile>> _files = [];
    private readonly LinkedList<HeldFile> _byUse = [];

    /// <summary>The open file of a key's copy, used by the caller, or null.</summary>
    public HeldFile? Use(string bucket, string key)
    {
        lock (_lock)
        {
            if (!_files.TryGetValue((bucket, key), out var node))
            {
                return null;
            }

            if (node != _byUse.First)
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
            }

            return node.Value.TryUse() ? node.Value : null;
        }
    }

    /// <summary>Keeps a file open, in place of another of that key.</summary>
    public void Keep(string bucket, string key, HeldFile file)
    {
        lock (_lock)
        {
            Remove((bucket, key));
            if (!file.TryUse())
            {
                return;
            }

            _files[(bucket, key)] = _byUse.AddFirst(file);
            if (_files.Count > capacity)
            {
                var last = _byUse.Last!.Value.Header;
                Remove((last.Bucket, last.Key));
            }
        }
    }

    /// <summary>Lets go of a key's file.</summary>
    public void Forget(string bucket, string key)
    {
        lock (_lock)
        {
            Remove((bucket, key));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var file in _byUse)
            {
                file.Release();
            }

            _files.Clear();
            _byUse.Clear();
        }
    }

    private void Remove((string Bucket, string Key) name)
    {
        if (_files.Remove(name, out var node))
        {
            _byUse.Remove(node);
            node.Value.Release();
        }
    }
}
