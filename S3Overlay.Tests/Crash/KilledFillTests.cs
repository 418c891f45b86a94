using Amazon.S3.Model;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Crash;

/// <summary>A proxy is killed in the middle of a range's fill. The blocks that came are there after the next start.</summary>
[Trait("Rule", "R5")]
public sealed class KilledFillTests
{
    private const int Block = 64 << 10;

    [Fact]
    public async Task The_blocks_that_came_are_not_requested_again()
    {
        using var folder = new TemporaryFolder();
        await using var remote = await ScriptedRemote.StartAsync();
        var bytes = new byte[4 << 20];
        new Random(1).NextBytes(bytes);
        remote.Put("bucket", "key", bytes);
        var never = new TaskCompletionSource();
        remote.Script = (_, _) => Task.FromResult(new ScriptedOutcome { GateAfter = (6 * Block, never) });
        await using (var proxy = await StartAsync())
        {
            using var s3 = S3Clients.Create(proxy.Endpoint);
            using var response = await s3.GetObjectAsync(Range());
            await response.ResponseStream.ReadExactlyAsync(new byte[5 * Block]);
            await proxy.KillAsync();
        }

        remote.Script = null;
        var before = remote.BodyBytesSent("bucket", "key");
        await using (var again = await StartAsync())
        {
            using var s3 = S3Clients.Create(again.Endpoint);
            using var response = await s3.GetObjectAsync(Range());
            using var body = new MemoryStream();
            await response.ResponseStream.CopyToAsync(body);
            Assert.Equal(bytes[(20 * Block)..(30 * Block)], body.ToArray());
            Assert.InRange(remote.BodyBytesSent("bucket", "key") - before, 4 * Block, 5 * Block);
        }

        Task<ProxyProcess> StartAsync() => ProxyProcess.StartAsync(folder["data"], ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", "1MiB"), ("S3_OVERLAY_CHUNK_SIZE", "1MiB"),
            ("S3_OVERLAY_REMOTE_ENDPOINT", remote.Endpoint.ToString().TrimEnd('/')), ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "remote"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "remote"));

        static GetObjectRequest Range() =>
            new() { BucketName = "bucket", Key = "key", ByteRange = new ByteRange(20 * Block, (30 * Block) - 1) };
    }
}
