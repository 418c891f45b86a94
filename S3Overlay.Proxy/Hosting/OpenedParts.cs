namespace S3Overlay.Proxy.Hosting;

/// <summary>Parts to close, in reverse order of opening.</summary>
internal sealed class OpenedParts : IAsyncDisposable
{
    private readonly Stack<object> _parts = new();

    /// <summary>Adds a part to close.</summary>
    public T Add<T>(T part)
        where T : class
    {
        if (part is not (IAsyncDisposable or IDisposable))
        {
            throw new ArgumentException($"A {typeof(T).Name} cannot be closed.", nameof(part));
        }

        _parts.Push(part);
        return part;
    }

    /// <inheritdoc/>
    /// <remarks>Closes all, even if one fails.</remarks>
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
