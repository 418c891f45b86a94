namespace S3Overlay.Promote.Sending;

/// <summary>Limits how many bodies are sent at the same time, of all objects together.</summary>
internal sealed class BodySlots(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);

    /// <summary>How many there are.</summary>
    public int Count => count;

    /// <summary>Waits for one. It is free again when the result is disposed of.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return new Slot(_free);
    }

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
