using System.Collections.Concurrent;
using System.Text.RegularExpressions;

using S3Overlay.Promote;
using S3Overlay.Promote.Sending;
using S3Overlay.Promote.Wire;
using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>
/// The command ends at any of its requests: nothing is lost on either side, clients of the proxy see the same, and the next command ends
/// the work (rule P4).
/// </summary>
[Trait("Rule", "P4")]
public sealed class PromoteCutTests
{
    private const int AtOnce = 8;
    private static readonly WireKeys Keys = new("minioadmin", "minioadmin", null);

    private static readonly string[] Ends =
        ["killed before it arrives", "killed before the response", "stopped before it arrives", "stopped before the response"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var end in Ends)
            {
                cases.Add("embedded", end);
                cases.Add("store", end);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_command_that_ends_at_any_request_loses_nothing_and_the_next_one_ends_the_work(string layer, string end)
    {
        await using var scene = await PromoteScene.StartAsync(layer);
        using var folder = new TemporaryFolder();
        var (isAfter, isDeath) = (end.EndsWith("response", StringComparison.Ordinal), end.StartsWith("killed", StringComparison.Ordinal));
        var problems = new ConcurrentQueue<string>();
        var ended = 0;
        for (var first = 0; Volatile.Read(ref ended) == 0; first += AtOnce)
        {
            Assert.True(first < 200, "The command has no end.");
            await Task.WhenAll(Enumerable.Range(first, AtOnce).Select(async at =>
            {
                try
                {
                    if (await RunCutAsync(scene, folder[$"state{at}"], at, isAfter, isDeath))
                    {
                        Interlocked.Increment(ref ended);
                    }
                }
                catch (Exception failure)
                {
                    problems.Enqueue($"Cut at request {at}: {failure}");
                }
            }));
            Assert.True(problems.IsEmpty, string.Join('\n', problems));
        }
    }

    /// <summary>Ends the command at a request, looks at both sides, and runs it again.</summary>
    /// <returns>Whether it ended by itself before.</returns>
    private static async Task<bool> RunCutAsync(PromoteScene scene, string state, int at, bool isAfter, bool isDeath)
    {
        var prefix = $"n{at}/";
        await PrepareAsync(scene, prefix);
        var life = new CommandLife(at, isAfter, isDeath);
        var isCut = false;
        try
        {
            await RunAsync(scene, state, prefix, life);
        }
        catch (Exception failure) when (failure is OperationCanceledException or HttpRequestException or PromoteException)
        {
            Assert.True(life.End.IsCancellationRequested, failure.ToString());
            isCut = true;
        }

        await CheckAsync(scene, prefix, mustBeDone: false);
        var outcomes = await RunAsync(scene, state, prefix, new CommandLife(-1, false, false));
        Assert.All(outcomes, static outcome => Assert.True(outcome.IsReverted, outcome.ToString()));
        await CheckAsync(scene, prefix, mustBeDone: true);
        Assert.Single((await scene.Proxy.SendAsync("GET", $"/-/v1/changes?bucket=photos&prefix={prefix}")).Text.TrimEnd('\n').Split('\n'));
        return !isCut && !life.End.IsCancellationRequested;
    }

    /// <summary>
    /// Makes changes whose bases are known. What the proxy has shown is in a table of fixed size, so with many keys at once a base may be
    /// lost to another key.
    /// </summary>
    private static async Task PrepareAsync(PromoteScene scene, string prefix)
    {
        await ChangeAsync(scene, prefix);
        while ((await scene.OkAsync("GET", $"/-/v1/changes?bucket=photos&prefix={prefix}")).Text.Contains(
            "\"upstream\":\"changed\"", StringComparison.Ordinal))
        {
            await scene.OkAsync("POST", $"/-/v1/revert?bucket=photos&prefix={prefix}&added=true");
            await ChangeAsync(scene, prefix);
        }
    }

    private static async Task ChangeAsync(PromoteScene scene, string prefix)
    {
        foreach (var key in (string[])["gone", "over", "tagged"])
        {
            await scene.PutUpstreamAsync(prefix + key, "remote");
        }

        await scene.OkAsync("PUT", $"/photos/{prefix}new", "mine", ("x-amz-meta-a", "1"), ("x-amz-tagging", "t=1"));
        await scene.OkAsync("PUT", $"/photos/{prefix}over", "mine", ("x-amz-meta-a", "1"));
        await scene.OkAsync("PUT", $"/photos/{prefix}tagged", "remote", ("x-amz-meta-a", "1"));
        await scene.OkAsync("DELETE", $"/photos/{prefix}gone");
        var began = await scene.OkAsync("POST", $"/photos/{prefix}parts?uploads", null, ("x-amz-meta-a", "1"));
        var upload = Regex.Match(began.Text, "<UploadId>([^<]+)").Groups[1].Value;
        var part = await scene.OkAsync("PUT", $"/photos/{prefix}parts?partNumber=1&uploadId={upload}", "mine");
        await scene.OkAsync("POST", $"/photos/{prefix}parts?uploadId={upload}", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{part.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>");
    }

    /// <summary>Clients of the proxy see the changes all the time. The remote has each key as it was, or as it is here.</summary>
    private static async Task CheckAsync(PromoteScene scene, string prefix, bool mustBeDone)
    {
        Assert.Equal(404, (await scene.Proxy.SendAsync("GET", $"/photos/{prefix}gone")).Status);
        var gone = await scene.UpstreamAsync(prefix + "gone");
        Assert.True(gone is null || (gone == "remote" && !mustBeDone), gone);
        foreach (var (key, before, after) in ((string, string?, string)[])
            [("new", null, "mine"), ("over", "remote", "mine"), ("tagged", "remote", "remote"), ("parts", null, "mine")])
        {
            var (here, there) = (await scene.Proxy.SendAsync("GET", $"/photos/{prefix}{key}"),
                await scene.Http.SendAsync("GET", $"/prod/p/{prefix}{key}"));
            Assert.Equal((200, after, "1"), (here.Status, here.Text, here.Headers.GetValueOrDefault("x-amz-meta-a")));
            var isThere = there.Status == 200 && there.Headers.GetValueOrDefault("x-amz-meta-a") == "1";
            Assert.Equal(isThere ? after : before, there.Status == 200 ? there.Text : null);
            Assert.True(isThere || (!mustBeDone && here.Headers["x-s3overlay-layer"] == "local"), $"{key} is lost, or was not sent.");
            if (key == "new" && isThere)
            {
                Assert.Equal("1", there.Headers.GetValueOrDefault("x-amz-tagging-count"));
            }
        }
    }

    private static async Task<List<KeyOutcome>> RunAsync(PromoteScene scene, string state, string prefix, CommandLife life)
    {
        await using var toProxy = await CuttingRelay.StartAsync(scene.Proxy.Endpoint, life);
        await using var toRemote = await CuttingRelay.StartAsync(scene.Upstream.Endpoint, life);
        using var proxy = new ProxyClient(new ProxyAddress(toProxy.Endpoint, new("minioadmin", "minioadmin"), "us-east-1"));
        using var objects = new S3Wire(toProxy.Endpoint, static () => Task.FromResult(Keys), "us-east-1", Sign, isProxy: true);
        var options = new PromoteOptions
        {
            Keys = static () => Task.FromResult(Keys),
            Endpoint = toRemote.Endpoint,
            Deletes = true,
            Transfers = 1,
            StateFolder = state,
        };
        var overlay = new OverlayOfProxy(proxy, new Target("photos", null, prefix), objects);
        var outcomes = new List<KeyOutcome>();
        try
        {
            await using var plan = await Plan.MakeAsync(overlay, options, life.End);
            await new Promotion(overlay, options, Sign).RunAsync(plan, new Tally { Keys = plan.Keys }, outcome =>
            {
                outcomes.Add(outcome);
                return Task.CompletedTask;
            }, static () => { }, life.End);
        }
        catch (ProxyRefusal) when (life.End.IsCancellationRequested)
        {
            throw new OperationCanceledException(life.End);
        }

        return outcomes;
    }

    private static IEnumerable<KeyValuePair<string, string>> Sign(WireKeys keys, string region, WireTarget target) =>
        new RequestSigner(new SigningCredentials(keys.AccessKey, keys.SecretKey), region).Sign(
            target.Method, target.Host, target.Path, target.Query,
            target.Headers.Where(static header => RequestSigner.MustSign(header.Key)), SigV4.UnsignedPayload, DateTimeOffset.UtcNow)
            .Headers;
}
