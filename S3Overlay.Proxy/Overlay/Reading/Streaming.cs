using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>Bytes from the remote to the client, nothing kept.</summary>
internal static class Streaming
{
    /// <summary>The size of the pieces in which bytes go to clients.</summary>
    public const int PieceSize = 256 * 1024;

    private const int SmallPiece = 64 * 1024;

    /// <summary>Sends the bytes wanted from an answer of the remote that holds them.</summary>
    /// <exception cref="RemoteException">It broke, or was not what it said.</exception>
    public static async Task SendAsync(RemoteObject source, ByteRange wanted, S3Response answer, CancellationToken cancellationToken)
    {
        if (source.Range?.First < wanted.First)
        {
            await RemoteReads.SkipToAsync(source, wanted.First, new byte[SmallPiece], cancellationToken);
        }
        else if (source.Range?.First != wanted.First || source.Range?.Last < wanted.Last)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, "The remote sent other bytes than those requested.");
        }

        for (var left = wanted.Length; left > 0;)
        {
            var memory = answer.Body.GetMemory(SmallPiece);
            var read = await source.Body.ReadAsync(memory[..(int)Math.Min(left, memory.Length)], cancellationToken);
            if (read == 0)
            {
                throw new RemoteException(RemoteFailure.BodyBroken, "The remote's response ended early.");
            }

            left -= read;
            answer.Advance(read);
            if (!await answer.FlushAsync(cancellationToken))
            {
                return;
            }
        }
    }
}
