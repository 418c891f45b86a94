using System.Security.Cryptography;

using Amazon.S3.Model;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Objects larger than any buffer on the way, read through the proxy: whole, and by range.</summary>
public sealed class LargeResponseTests
{
    [Theory]
    [InlineData(70_000)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(1_000_001)]
    [InlineData(20_000_003)]
    public async Task They_are_read_to_their_end(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        await using var store = await StoreServer.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        Assert.Equal(200, (await proxy.Http.SendAsync("PUT", "/bucket/key", bytes)).Status);
        using var limit = new CancellationTokenSource(Patience.Limit);

        // The client keeps its connection open, so closing it cannot end an incomplete response.
        using var s3 = S3Clients.Create(proxy.Endpoint);
        foreach (var range in (ByteRange?[])[null, new ByteRange(11, length - 1)])
        {
            using var response = await s3.GetObjectAsync(new() { BucketName = "bucket", Key = "key", ByteRange = range }, limit.Token);
            using var read = new MemoryStream();
            await response.ResponseStream.CopyToAsync(read, limit.Token);
            Assert.True(read.ToArray().AsSpan().SequenceEqual(bytes.AsSpan((int)(range?.Start ?? 0))), $"{read.Length} bytes came.");
        }
    }
}
