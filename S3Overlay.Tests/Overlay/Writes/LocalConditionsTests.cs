using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Writes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Conditional writes and deletes over a local that does not know conditions.</summary>
[Trait("Rule", "W3")]
public sealed class LocalConditionsTests
{
    private const string Bucket = "mapped";

    [Theory]
    [InlineData("remote", "If-None-Match", "*", 412)]
    [InlineData("remote", "If-Match", "right", 200)]
    [InlineData("remote", "If-Match", "\"wrong\"", 412)]
    [InlineData("deleted", "If-None-Match", "*", 200)]
    [InlineData("deleted", "If-Match", "right", 404)]
    [InlineData("absent", "If-None-Match", "*", 200)]
    [InlineData("absent", "If-Match", "\"any\"", 404)]
    [InlineData("written", "If-None-Match", "*", 412)]
    [InlineData("written", "If-Match", "right", 200)]
    [InlineData("written", "If-Match", "\"wrong\"", 412)]
    public async Task One_proxy_judges_in_its_place(string state, string header, string value, int status)
    {
        foreach (var operation in (S3Operation[])[S3Operation.PutObject, S3Operation.CompleteMultipartUpload])
        {
            var bench = Bench(isAlone: true);
            var etag = await ArrangeAsync(bench, state);
            bench.Local.Requests.Clear();
            Assert.Equal(status, await StatusAsync(
                () => bench.SendAsync(operation, Bucket, "key", "new", "uploadId=u", (header, value == "right" ? etag : value))));
            Assert.All(bench.Local.Requests, request => Assert.False(request.Headers.ContainsKey(header)));
            var isWritten = await bench.Layer.ResolveAsync(Bucket, "key", default) == KeyState.Written;
            var expected = status == 200 ? (operation == S3Operation.PutObject ? "new" : "completed") : state == "written" ? "written"
                : null;
            Assert.Equal(expected, isWritten ? bench.Local.Text(Bucket, "key") : null);
        }
    }

    [Theory]
    [InlineData("remote", "right", 204)]
    [InlineData("remote", "\"wrong\"", 412)]
    [InlineData("written", "right", 204)]
    [InlineData("written", "\"wrong\"", 412)]
    [InlineData("absent", "\"any\"", 404)]
    public async Task One_proxy_judges_deletes_in_its_place(string state, string value, int status)
    {
        var bench = Bench(isAlone: true);
        var etag = await ArrangeAsync(bench, state);
        var before = await bench.Layer.ResolveAsync(Bucket, "key", default);
        Assert.Equal(status, await StatusAsync(
            () => bench.SendAsync(S3Operation.DeleteObject, Bucket, "key", headers: ("If-Match", value == "right" ? etag : value))));
        Assert.Equal(status == 204 ? KeyState.Deleted : before, await bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    [Fact]
    public async Task Several_proxies_refuse_conditions_and_name_the_setting()
    {
        foreach (var state in (string[])["remote", "deleted", "absent", "written"])
        {
            var bench = Bench(isAlone: false);
            var etag = await ArrangeAsync(bench, state);
            var before = await bench.Layer.ResolveAsync(Bucket, "key", default);
            var condition = state is "remote" or "written" ? ("If-Match", etag) : ("If-None-Match", "*");
            var refused = await bench.FailAsync(S3Operation.PutObject, Bucket, "key", "new", headers: condition);
            Assert.Equal("NotImplemented", refused.Error.Code);
            Assert.Contains("S3_OVERLAY_PROXIES", refused.Message, StringComparison.Ordinal);
            Assert.Equal("NotImplemented",
                (await bench.FailAsync(S3Operation.DeleteObject, Bucket, "key", headers: ("If-Match", "\"any\""))).Error.Code);
            Assert.Equal(before, await bench.Layer.ResolveAsync(Bucket, "key", default));
            Assert.Equal(200, await StatusAsync(() => bench.SendAsync(S3Operation.PutObject, Bucket, "key", "unconditional")));
        }
    }

    [Fact, Trait("Rule", "T3")]
    public async Task Buckets_without_a_remote_are_left_to_the_local_layer()
    {
        var bench = Bench(isAlone: false);
        await bench.SendAsync(S3Operation.CreateBucket, "plain");
        await bench.SendAsync(S3Operation.PutObject, "plain", "key", "new", headers: ("If-Match", "\"any\""));
        Assert.Equal("\"any\"", bench.Local.Requests.Last().Header("If-Match"));
    }

    [Theory]
    [InlineData("If-None-Match")]
    [InlineData("If-Match")]
    public async Task Of_many_with_the_same_condition_one_wins(string header)
    {
        var bench = Bench(isAlone: true);
        var etag = await ArrangeAsync(bench, header == "If-Match" ? "written" : "absent");
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() =>
            StatusAsync(() => bench.SendAsync(S3Operation.PutObject, Bucket, "key", $"writer {i}",
                headers: (header, header == "If-Match" ? etag : "*"))))));
        Assert.Single(outcomes, 200);
    }

    /// <summary>Neither happens between the check and the commit of a conditional write.</summary>
    [Theory]
    [InlineData(S3Operation.PutObject)]
    [InlineData(S3Operation.DeleteObject)]
    [InlineData(S3Operation.CompleteMultipartUpload)]
    public async Task What_has_no_condition_waits_for_a_commit_that_has(S3Operation other)
    {
        var bench = Bench(isAlone: true);
        var etag = await ArrangeAsync(bench, "written");
        Task<BufferedResponse>? late = null;
        bench.Local.BeforeCommit = () =>
        {
            bench.Local.BeforeCommit = null;

            // Everything in this bench completes synchronously unless it waits.
            late = bench.SendAsync(other, Bucket, "key", "late", "uploadId=u");
            Assert.False(late.IsCompleted);
            return Task.CompletedTask;
        };
        await bench.SendAsync(S3Operation.PutObject, Bucket, "key", "new", headers: ("If-Match", etag));
        Assert.Equal(other == S3Operation.DeleteObject ? 204 : 200, (await late!).Status);
        Assert.Equal(other == S3Operation.DeleteObject ? KeyState.Deleted
            : KeyState.Written, await bench.Layer.ResolveAsync(Bucket, "key", default));
    }

    private static OverlayBench Bench(bool isAlone)
    {
        var bench = new OverlayBench { Conditions = new Lacking(isAlone) };
        bench.Local.KnowsConditions = false;
        return bench;
    }

    private static async Task<string> ArrangeAsync(OverlayBench bench, string state)
    {
        await bench.Layer.EnsureBucketAsync(Bucket, default);
        var etag = state == "absent" ? "" : bench.Remote.Put("below", "key").ETag;
        if (state == "written")
        {
            etag = (await bench.SendAsync(S3Operation.PutObject, Bucket, "key", "written")).Headers.ETag.ToString();
        }
        else if (state == "deleted")
        {
            await bench.SendAsync(S3Operation.DeleteObject, Bucket, "key");
        }

        return etag;
    }

    private static async Task<int> StatusAsync(Func<Task<BufferedResponse>> send)
    {
        try
        {
            return (await send()).Status;
        }
        catch (S3Exception refused)
        {
            return refused.Error.Status;
        }
    }

    private sealed class Lacking(bool isAlone) : ILocalConditions
    {
        private static readonly LocalConditions None = new();

        public bool IsAlone => isAlone;

        public LocalConditions? Known => None;

        public ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken) => new(None);
    }
}
