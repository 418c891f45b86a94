using System.Text.Json;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Remotes;

/// <summary>Several remotes as clients meet them, over either local layer.</summary>
public sealed partial class SeveralRemotesTests
{
    public static TheoryData<bool> Layers => [false, true];

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "M1")]
    public async Task Each_key_is_read_from_its_remote_with_that_ones_credentials(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore);
        RemotesScene.Put(scene.First!, "data", "other", "first");
        RemotesScene.Put(scene.Models, "ml", "released/m", "models");
        RemotesScene.Put(scene.Models, "ml", "m", "part");
        RemotesScene.Put(scene.Open, "open", "o", "open");

        foreach (var (target, text) in new[] { ("/data/other", "first"), ("/data/models/m", "models"), ("/bare/part/m", "part"),
            ("/open/o", "open") })
        {
            var cold = await scene.SendAsync("GET", target);
            Assert.Equal((200, text, "remote"), (cold.Status, cold.Text, cold.Headers["x-s3overlay-layer"]));
            await scene.Proxy.WhenIdleAsync();
            var warm = await scene.SendAsync("GET", target);
            Assert.Equal((200, text, "cache"), (warm.Status, warm.Text, warm.Headers["x-s3overlay-layer"]));
        }

        Assert.All(scene.First!.Requests,
            request => Assert.Contains("Credential=remote/", request.Headers["Authorization"], StringComparison.Ordinal));
        Assert.All(scene.Models.Requests, request =>
        {
            Assert.Matches("Credential=models-key/[0-9]+/eu-west-3/", request.Headers["Authorization"]);
            Assert.Equal("models-token", request.Headers["x-amz-security-token"]);
        });
        Assert.All(scene.Open.Requests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
        Assert.Equal((1, 2, 1), (scene.First.Requests.Count, scene.Models.Requests.Count, scene.Open.Requests.Count));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "M2")]
    public async Task What_a_shorter_prefix_has_is_hidden_whatever_becomes_of_the_longer(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore);
        RemotesScene.Put(scene.First!, "data", "models/m", "hidden");
        RemotesScene.Put(scene.Models, "ml", "released/other", "models");

        Assert.Equal((404, "NoSuchKey"), StatusOf(await scene.SendAsync("GET", "/data/models/m")));
        Assert.Equal(404, (await scene.SendAsync("HEAD", "/data/models/m")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/data/models/m", "mine", ("If-None-Match", "*"))).Status);
        Assert.Equal(
            (404, "NoSuchKey"), StatusOf(await scene.SendAsync("PUT", "/data/copy", null, ("x-amz-copy-source", "/data/models/hidden"))));
        scene.Models.Script = async (_, context) =>
        {
            await ScriptedRemote.RespondErrorAsync(context, 403, "InvalidAccessKeyId");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal((503, "ServiceUnavailable"), StatusOf(await scene.SendAsync("GET", "/data/models/other")));
        Assert.Equal((503, "ServiceUnavailable"), StatusOf(await scene.SendAsync("GET", "/data?list-type=2")));
        Assert.DoesNotContain(scene.First!.Requests, request => request.Key.StartsWith("models/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "M1")]
    public async Task Keys_that_no_remote_backs_are_local_only_in_a_bucket_that_is_there(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore, hasFirst: false);
        RemotesScene.Put(scene.Models, "ml", "m", "part");

        Assert.Equal(200, (await scene.SendAsync("HEAD", "/bare")).Status);
        Assert.Contains("<Name>bare</Name>", (await scene.SendAsync("GET", "/")).Text, StringComparison.Ordinal);
        Assert.Equal((404, "NoSuchKey"), StatusOf(await scene.SendAsync("GET", "/bare/key")));
        Assert.Equal((404, "NoSuchKey"), StatusOf(await scene.SendAsync("GET", "/bare/part/")));
        Assert.Equal((404, "NoSuchBucket"), StatusOf(await scene.SendAsync("GET", "/other/key")));
        Assert.Equal((412, "PreconditionFailed"), StatusOf(await scene.SendAsync("PUT", "/bare/part/m", "mine", ("If-None-Match", "*"))));
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bare/key", "mine", ("If-None-Match", "*"))).Status);
        Assert.Equal(("mine", "local"), TextOf(await scene.SendAsync("GET", "/bare/key")));
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bare/copy", null, ("x-amz-copy-source", "/bare/part/m"))).Status);
        Assert.Equal(("part", "local"), TextOf(await scene.SendAsync("GET", "/bare/copy")));
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bare/key")).Status);
        Assert.Equal((404, "NoSuchKey"), StatusOf(await scene.SendAsync("GET", "/bare/key")));
        Assert.Equal(["copy", "part/m"], Keys(await scene.SendAsync("GET", "/bare?list-type=2")));
        Assert.DoesNotContain(scene.Models.Requests, request => request.Bucket != "ml" || (request.Key.Length > 0 && request.Key != "m"));
        Assert.Empty(scene.Open.Requests);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "M2")]
    [Trait("Rule", "D1")]
    public async Task What_is_deleted_under_a_prefix_stays_so_and_its_bucket_goes_when_nothing_shows(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore);
        RemotesScene.Put(scene.First!, "data", "models/hidden", "hidden");
        RemotesScene.Put(scene.Models, "ml", "released/m", "models");
        RemotesScene.Put(scene.Models, "ml", "released/n", "models");

        Assert.Equal((409, "BucketNotEmpty"), StatusOf(await scene.SendAsync("DELETE", "/data")));
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/data/models/m")).Status);
        Assert.Equal(["models/n"], Keys(await scene.SendAsync("GET", "/data?list-type=2")));
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/data/models/n")).Status);
        Assert.Equal((404, "NoSuchKey"), StatusOf(await scene.SendAsync("GET", "/data/models/n")));
        Assert.Empty(Keys(await scene.SendAsync("GET", "/data?list-type=2&delimiter=%2F")));
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/data")).Status);
        Assert.Equal((404, "NoSuchBucket"), StatusOf(await scene.SendAsync("GET", "/data/models/hidden")));
    }

    /// <summary>A listing's pages of any size match a plain list of the visible keys.</summary>
    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "M3")]
    public async Task Listings_show_every_remotes_keys_in_one_order(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore);
        var visible = new List<string> { "models/written", "m\u00fc" };
        foreach (var key in (string[])["a", "mode", "models", "models-2/x", "models/hidden", "models/sub/hidden", "models0", "z/1", "z/2",
            "\U0001F600"])
        {
            RemotesScene.Put(scene.First!, "data", key, "first");
            if (!key.StartsWith("models/", StringComparison.Ordinal))
            {
                visible.Add(key);
            }
        }

        foreach (var key in (string[])["", "1", "sub/1", "sub/2", "\ufffd/x"])
        {
            RemotesScene.Put(scene.Models, "ml", "released/" + key, "models");
            visible.Add("models/" + key);
        }

        RemotesScene.Put(scene.Models, "ml", "beside", "models");
        RemotesScene.Put(scene.Models, "ml", "released/gone", "models");
        Assert.Equal(200, (await scene.SendAsync("PUT", "/data/models/written", "mine")).Status);
        Assert.Equal(200, (await scene.SendAsync("PUT", "/data/m%C3%BC", "mine")).Status);
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/data/models/gone")).Status);
        visible.Sort(S3Overlay.Proxy.Protocol.Listings.Utf8Order.Compare);

        foreach (var prefix in (string[])["", "m", "models", "models/", "models/sub/", "z/"])
        {
            foreach (var delimiter in (string[])["", "/", "s/"])
            {
                var expected = visible.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Select(key =>
                    delimiter.Length > 0 && key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var at
                        ? key[..(at + delimiter.Length)] + " (prefix)" : key).Distinct();
                foreach (var size in (int[])[1, 2, 1000])
                {
                    Assert.Equal(expected, await WalkAsync(scene, prefix, delimiter, size));
                }
            }
        }

        Assert.Equal(
            ["models/1", "models/sub/1"], Keys(await scene.SendAsync("GET", "/data?list-type=2&start-after=models%2F&max-keys=2")));
        Assert.Equal(["models/sub/2", "models/written"], Keys(await scene.SendAsync("GET", "/data?marker=models%2Fsub%2F1&max-keys=2")));
    }

    /// <summary>An entry belongs to a remote, a bucket and a key there. It is never used for another one.</summary>
    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "R7")]
    public async Task A_replaced_remote_does_not_show_entries_of_the_old_one(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore);
        RemotesScene.Put(scene.Models, "ml", "released/m", "models");
        RemotesScene.Put(scene.Models, "ml", "staged/m", "staged");
        RemotesScene.Put(scene.Open, "ml", "released/m", "opened");
        Assert.Equal(("models", "remote"), TextOf(await scene.SendAsync("GET", "/data/models/m")));

        await scene.RestartAsync();
        Assert.Equal(("models", "cache"), TextOf(await scene.SendAsync("GET", "/data/models/m")));
        await scene.RestartAsync(("S3_OVERLAY_REMOTE_MODELS_ENDPOINT", RemotesScene.TextOf(scene.Open)));
        Assert.Equal(("opened", "remote"), TextOf(await scene.SendAsync("GET", "/data/models/m")));
        await scene.RestartAsync(("S3_OVERLAY_REMOTE_MODELS_BACKS", "data/models/:ml/staged/"));
        Assert.Equal(("staged", "remote"), TextOf(await scene.SendAsync("GET", "/data/models/m")));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "M1")]
    public async Task A_remote_that_is_not_there_leaves_local_and_the_others_as_they_are(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(
            isOnStore, true, ("S3_OVERLAY_REMOTE_MODELS_ENDPOINT", "http://127.0.0.1:1"));
        RemotesScene.Put(scene.First!, "data", "other", "first");

        Assert.Equal(200, (await scene.SendAsync("PUT", "/data/models/mine", "mine")).Status);
        Assert.Equal(("mine", "local"), TextOf(await scene.SendAsync("GET", "/data/models/mine")));
        Assert.Equal(("first", "remote"), TextOf(await scene.SendAsync("GET", "/data/other")));
        Assert.Equal((503, "ServiceUnavailable"), StatusOf(await scene.SendAsync("GET", "/data/models/m")));
        // A check waits seconds of the real clock, and the other remotes must respond within them too.
        await Patience.UntilAsync(
            () => scene.Proxy.Http.SendUnsignedAsync("GET", "/health"),
            static health => (health.Status, health.Text) == (200, "{\"status\":\"degraded\"}"),
            static health => $"{health.Status} {health.Text}");
    }

    [Theory]
    [InlineData("same-name", false)]
    [InlineData("show", true)]
    [Trait("Rule", "B6")]
    public async Task Whichever_remote_has_everything_else_can_have_its_buckets_listed(string unmapped, bool isListed)
    {
        await using var scene = await RemotesScene.StartAsync(false, false, ("S3_OVERLAY_REMOTE_OPEN_BACKS", "*"),
            ("S3_OVERLAY_UNMAPPED", unmapped));
        RemotesScene.Put(scene.Open, "theirs", "o", "open");
        scene.Open.Script = async (request, context) =>
        {
            if (request.Bucket.Length > 0)
            {
                return ScriptedOutcome.AsUsual;
            }

            await context.Response.Body.WriteAsync(
                """
                <ListAllMyBucketsResult><Buckets><Bucket><Name>theirs</Name><CreationDate>2024-01-01T00:00:00Z</CreationDate></Bucket>
                </Buckets></ListAllMyBucketsResult>
                """u8.ToArray());
            return ScriptedOutcome.Answered;
        };

        Assert.Equal(("open", "remote"), TextOf(await scene.SendAsync("GET", "/theirs/o")));
        var listed = NameElement().Matches((await scene.SendAsync("GET", "/")).Text).Select(match => match.Groups[1].Value);
        Assert.Equal(isListed ? ["bare", "data", "theirs"] : ["bare", "data"], listed);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    [Trait("Rule", "A5")]
    public async Task Administrators_see_which_remote_has_what(bool isOnStore)
    {
        await using var scene = await RemotesScene.StartAsync(isOnStore, hasFirst: false);
        RemotesScene.Put(scene.Models, "ml", "released/m", "models");

        Assert.Equal(
            (true, "remote", "ml/released/m"),
            await ExplainAsync("bucket=data&key=models%2Fm", json => json.GetProperty("remote") is var remote
                ? $"{remote.GetProperty("bucket")}/{remote.GetProperty("key")}" : ""));
        Assert.Equal((false, "absent", ""), await ExplainAsync("bucket=data&key=other", json => json.GetProperty("remote").ToString()));

        // The bucket has a remote, but not for this key.
        Assert.Equal(
            (false, "absent", "It was never written here, or deleted since, and no remote backs the key."),
            await ExplainAsync("bucket=data&key=other", json => json.GetProperty("why").ToString()));
        Assert.Equal(
            (true, "", "models/ is ml/released/: yes"),
            await ExplainAsync("bucket=data", json => string.Join(", ", json.GetProperty("parts").EnumerateArray().Select(part =>
                $"{part.GetProperty("of")} is {part.GetProperty("bucket")}/{part.GetProperty("prefix")}: {part.GetProperty("found")}"))));

        async Task<(bool IsVisible, string Reason, string Text)> ExplainAsync(string query, Func<JsonElement, string> textOf)
        {
            var response = await scene.SendAsync("GET", $"/-/v1/explain?{query}");
            Assert.True(response.Status == 200, response.Text);
            using var document = JsonDocument.Parse(response.Text);
            var json = document.RootElement;
            return (json.GetProperty("visible").GetBoolean(), json.TryGetProperty("reason", out var reason) ? reason.GetString()!
                : "", textOf(json));
        }
    }

    private static async Task<List<string>> WalkAsync(RemotesScene scene, string prefix, string delimiter, int size)
    {
        var all = new List<string>();
        var token = "";
        do
        {
            var page = await scene.SendAsync(
                "GET",
                $"/data?list-type=2&encoding-type=url&max-keys={size}&prefix={Uri.EscapeDataString(prefix)}"
                + $"&delimiter={Uri.EscapeDataString(delimiter)}{token}");
            Assert.Equal(200, page.Status);
            var rows = Keys(page);
            all.AddRange(rows);
            token = TokenElement().Match(page.Text) is { Success: true } next
                ? "&continuation-token=" + Uri.EscapeDataString(next.Groups[1].Value) : "";
            Assert.True(token.Length == 0 || rows.Count == size, "A page is not full, and more follow.");
        }
        while (token.Length > 0);
        return all;
    }

    /// <summary>The rows of a page, in byte order, common prefixes marked as such.</summary>
    private static List<string> Keys(RawResponse page) =>
    [
        .. KeyElement().Matches(page.Text).Select(match => Uri.UnescapeDataString(match.Groups[1].Value))
            .Concat(PrefixElement().Matches(page.Text).Select(match => Uri.UnescapeDataString(match.Groups[1].Value) + " (prefix)"))
            .Order(S3Overlay.Proxy.Protocol.Listings.Utf8Order.Instance),
    ];

    private static (int Status, string Code) StatusOf(RawResponse response) => (response.Status, response.Code);

    private static (string Text, string Layer) TextOf(RawResponse response) =>
        (response.Text, response.Headers.GetValueOrDefault("x-s3overlay-layer", ""));

    [GeneratedRegex("<Key>([^<]*)</Key>")]
    private static partial Regex KeyElement();

    [GeneratedRegex("<CommonPrefixes><Prefix>([^<]*)</Prefix>")]
    private static partial Regex PrefixElement();

    [GeneratedRegex("<NextContinuationToken>([^<]*)</NextContinuationToken>")]
    private static partial Regex TokenElement();

    [GeneratedRegex("<Name>([^<]*)</Name>")]
    private static partial Regex NameElement();
}
