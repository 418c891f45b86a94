using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// The lock of a key, held until it is disposed, by somebody who waits for a client's body meanwhile, and whom others may ask to give it
/// up.
/// </summary>
public sealed class KeyUpload(Action leave) : IDisposable
{
    private readonly CancellationTokenSource _givingUp = new();
    private int _left;

    /// <summary>Somebody else has waited long enough.</summary>
    /// <remarks>What the upload's end brings with it is not for whoever waits to do.</remarks>
    public void GiveUp() => _givingUp.CancelAsync().Observed();

    /// <summary>Waits for the client, as long as nobody else wants the key.</summary>
    /// <exception cref="S3Exception">ConditionalRequestConflict: somebody does, and changes the key.</exception>
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
