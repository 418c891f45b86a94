using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>Reads response documents within a time limit.</summary>
internal static class WireBodies
{
    /// <summary>Reads a body within the endpoint's budget.</summary>
    /// <exception cref="RemoteException">Unavailable if the body ends early or takes too long.</exception>
    public static async Task<T> ReadAsync<T>(
        this WireResponse answer, EndpointSettings settings, TimeProvider time, Func<Stream, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        using var budget = new CancellationTokenSource(settings.Budget, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, budget.Token);
        try
        {
            await using var body = await answer.BodyAsync(both.Token);
            return await read(new EndingStream(body, both.Token), both.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw Broken(settings, "stopped", late);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            throw Broken(settings, "broke off", broken);
        }
    }

    private static RemoteException Broken(EndpointSettings settings, string how, Exception cause) =>
        new(RemoteFailure.Unavailable, $"The {settings.Role} {settings.Name} {how} within an answer.", cause);

    /// <summary>XML readers pass no cancellation token on: this stream adds it.</summary>
    private sealed class EndingStream(Stream inner, CancellationToken end) : ForwardStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, end);
    }
}
