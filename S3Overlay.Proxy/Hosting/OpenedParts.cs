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
    /// <remarks>One that fails to close is no reason to leave the others open.</remarks>
    public async ValueTask DisposeAsync()
    {
        List<Exception> failures = [];
        while (_parts.TryPop(out var part))
        {
            try
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
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }
}
