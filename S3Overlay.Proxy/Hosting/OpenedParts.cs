namespace S3Overlay.Proxy.Hosting;

/// <summary>What was opened, to be closed in reverse: whatever stands on something else goes first.</summary>
internal sealed class OpenedParts : IAsyncDisposable
{
    private readonly Stack<object> _parts = new();

    /// <summary>Notes a part, which is closed with all others.</summary>
    public T Add<T>(T part)
        where T : class
    {
        if (part is not (IAsyncDisposable or IDisposable))
        {
            throw new ArgumentException($"There is nothing to close about a {typeof(T).Name}.", nameof(part));
        }

        _parts.Push(part);
        return part;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
        {
            if (part is IAsyncDisposable closing)
            {
                await closing.DisposeAsync();
            }
            else
            {
                ((IDisposable)part).Dispose();
            }
        }
    }
}
