using System.Security.Cryptography;

namespace S3Overlay.Tests.Support;

/// <summary>A response that keeps only a digest, so that many large ones can be read at once.</summary>
/// <param name="onPiece">Told of each piece that is sent.</param>
public sealed class HashedResponse(Action onPiece) : SinkResponse
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The SHA-256 of what was sent.</summary>
    public byte[] Hash => _hash.GetCurrentHash();

    protected override ValueTask TakeAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        _hash.AppendData(piece.Span);
        onPiece();
        return ValueTask.CompletedTask;
    }
}
