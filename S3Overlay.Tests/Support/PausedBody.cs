using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Support;

/// <summary>An empty body that does not end until it is released.</summary>
public sealed class PausedBody : S3Body
{
    public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override long? Length => null;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Reached.TrySetResult();
        await Go.Task;
        return 0;
    }
}
