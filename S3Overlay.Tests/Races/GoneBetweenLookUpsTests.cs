using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>A written key that goes after a read has found it, and before the read opens it.</summary>
[Trait("Rule", "P3")]
public sealed class GoneBetweenLookUpsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_the_remotes_after_a_revert_and_deleted_after_a_delete(bool isDelete)
    {
        var layer = new InMemoryLayer();
        layer.Write(EmbeddedBench.Bucket, "key", new ObjectInfo { Size = 1, ETag = "\"a\"", LastModified = DateTimeOffset.UnixEpoch });
        var reads = new ResolvedReads(new Going(() =>
        {
            layer.Remove(EmbeddedBench.Bucket, "key");
            if (isDelete)
            {
                layer.Delete(EmbeddedBench.Bucket, "key");
            }
        }), layer, null);

        var read = await reads.TryReadAsync(
            EmbeddedBench.Request(S3Operation.GetObject, "key", null, ""), new CollectedResponse(), default);

        Assert.Equal((false, isDelete), (read.IsServed, await read.IsDeleted));
    }

    /// <summary>A layer whose object goes when it is read.</summary>
    private sealed class Going(Action go) : IS3Service
    {
        public Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
        {
            go();
            throw new S3Exception(S3Errors.NoSuchKey);
        }
    }
}
