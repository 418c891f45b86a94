using System.Buffers;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET original</c>: the bytes that the remote has now, also of a key that was written or deleted here.</summary>
internal sealed class OriginalMethod : Method
{
    private const int Piece = 64 << 10;

    private readonly ChangeReader _changes;

    public OriginalMethod(ChangeReader changes)
        : base("GET", "original", "Returns the bytes that the remote has now, also of a key that was written or deleted here.")
    {
        _changes = changes;
        Parameters = [Parameter.Bucket with { IsRequired = true }, Parameter.Key with { IsRequired = true }];
    }

    /// <inheritdoc/>
    public override string ContentType => "application/octet-stream";

    /// <inheritdoc/>
    public override IReadOnlyList<Type> Responses => [typeof(byte[])];

    /// <inheritdoc/>
    public override async Task<MethodOutcome> RunAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var (bucket, key) = (call.Parameters.RequireBucket(), call.Parameters.Key ?? throw CallParameters.Wrong("key", "is missing"));
        if (_changes.Require(bucket).Of(key) is not { } place)
        {
            throw new S3Exception(S3Errors.NoSuchKey, "No remote backs the key.");
        }

        var result = await place.Remote.TryGetAsync(place.Read(key), cancellationToken);
        await using var found = result.Failure is { Failure: RemoteFailure.NoSuchKey or RemoteFailure.NoSuchBucket }
            ? throw new S3Exception(S3Errors.NoSuchKey, "The remote does not have the key.") : result.OrThrow();
        call.Response.Status = StatusCodes.Status200OK;
        call.Response.Headers.ContentType = ContentType;
        call.Response.Headers.ContentLength = found.Info.Size;
        call.Response.Headers.ETag = found.Info.ETag;
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            while (await found.Body.ReadAsync(buffer, cancellationToken) is var read && read > 0)
            {
                await call.Response.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return new MethodOutcome($"{found.Info.Size} bytes");
    }
}
