using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>A key's lock while a client sends its body. Others may ask to give it up. Disposing it releases the lock.</summary>
public sealed class KeyUpload(Action leave) : IDisposable
{
    private readonly CancellationTokenSource _givingUp = new();
    private int _left;

    /// <summary>Cancels the upload because another request waited long enough.</summary>
    /// <remarks>Continuations of the cancelled upload must not run on the waiter's thread.</remarks>
    public void GiveUp() => _givingUp.CancelAsync().Observed();

    /// <summary>Reads from the client until another request wants the key.</summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict: another request wants the key.</exception>
    public async ValueTask<int> ReadAsync(Func<CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _givingUp.Token);
        try
        {
            both.Token.ThrowIfCancellationRequested();
            return await read(both.Token);
        }
        catch (OperationCanceledException) when (_givingUp.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new S3Exception(S3Errors.ConditionalRequestConflict);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            leave();
        }
    }
}
