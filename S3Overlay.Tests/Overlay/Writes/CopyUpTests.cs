using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Tags and the like, set on objects of the remote: they are copied to local first, whichever that is (rule W5).</summary>
[Trait("Rule", "W5")]
public sealed class CopyUpTests : IAsyncLifetime
{
    /// <summary>More than a writer's buffer has, and not whole blocks.</summary>
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 700_001).Select(static i => (byte)(i % 251))];

    private static readonly DateTimeOffset Date = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly List<IAsyncDisposable> _open = [];
    private ScriptedRemote _remote = null!;
    private StoreServer? _store;
    private OverlayHost _proxy = null!;
    private (int Status, string Code)? _tagFailure;

    /// <summary>What happens at a stage of the copy, once.</summary>
    private Func<Task>? _meanwhile;
    private string _stage = "";

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Script = ScriptAsync;
        _remote.Put("bucket", "key", Object("\"0123456789abcdef0123456789abcdef-7\""));
    }

    public async Task DisposeAsync()
    {
        _open.Reverse();
        foreach (var part in _open)
        {
            await part.DisposeAsync();
        }

        // Insists that it saw nothing but GET and HEAD.
        await _remote.DisposeAsync();
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    [InlineData("embedded, caching")]
    [InlineData("store, caching")]
    [InlineData("copies among written objects")]
    public async Task Tags_are_set_on_the_remotes_object(string local)
    {
        await StartAsync(local);
        var before = await GetAsync();
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var after = await GetAsync();
        Assert.Equal((200, "local"), (after.Status, after.Headers["x-s3overlay-layer"]));
        Assert.Equal(before.Body, after.Body);
        foreach (var name in (string[])["Content-Type", "Cache-Control", "x-amz-meta-m"])
        {
            Assert.Equal(before.Headers[name], after.Headers[name]);
        }

        var isEmbedded = _store is null;
        Assert.Equal(isEmbedded ? before.Headers["ETag"] : $"\"{Convert.ToHexStringLower(MD5.HashData(Bytes))}\"", after.Headers["ETag"]);
        Assert.Equal(isEmbedded, before.Headers["Last-Modified"] == after.Headers["Last-Modified"]);
        Assert.Equal("new=2", await TagsAsync());

        // From now on local alone is asked, and a second change is local's own.
        var asked = _remote.Requests.Count;
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key?tagging")).Status);
        Assert.Equal("", await TagsAsync());
        Assert.Equal(Bytes, (await GetAsync()).Body);
        Assert.Equal(asked, _remote.Requests.Count);
        var row = (await SendAsync("GET", "/bucket?list-type=2")).Text;
        Assert.Contains(after.Headers["ETag"].Trim('"'), row, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task All_tags_are_taken_away(string local)
    {
        await StartAsync(local);
        Assert.Equal("old=a b", await TagsAsync());
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key?tagging")).Status);
        Assert.Equal(("", "local"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task The_remotes_tags_are_kept_by_a_request_that_local_refuses(string local)
    {
        await StartAsync(local);
        Assert.Equal((400, "InvalidTag"), Error(await SetTagsAsync(("twice", "1"), ("twice", "2"))));
        Assert.Equal(("old=a b", "local"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task A_body_that_is_not_what_was_promised_changes_nothing(string local)
    {
        await StartAsync(local);
        var answer = await SendAsync("PUT", "/bucket/key?tagging", Document(("new", "2")), ("Content-MD5", Convert.ToBase64String(new byte[16])));
        Assert.Equal((400, "BadDigest"), Error(answer));
        Assert.Equal(("old=a b", "remote"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("embedded", 0)]
    [InlineData("embedded", -1)]
    [InlineData("store", 0)]
    [InlineData("store", -1)]
    public async Task A_larger_object_than_the_setting_says_is_not_copied(string local, int more)
    {
        await StartAsync(local, ("S3_OVERLAY_COPY_UP_MAX", (Bytes.Length + more).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var answer = await SetTagsAsync(("new", "2"));
        Assert.Equal(more == 0 ? (200, "") : (501, "NotImplemented"), Error(answer));
        Assert.Equal(more == 0 ? "local" : "remote", await LayerAsync());
        if (more < 0)
        {
            Assert.Equal(0, _remote.BodyBytesSent("bucket", "key"));
        }
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task What_is_not_there_gets_no_tags(string local)
    {
        await StartAsync(local);
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key")).Status);
        var asked = _remote.Requests.Count;
        Assert.Equal((404, "NoSuchKey"), Error(await SetTagsAsync(("new", "2"))));
        Assert.Equal(asked, _remote.Requests.Count);
        Assert.Equal((404, "NoSuchKey"), Error(await SendAsync("PUT", "/bucket/absent?tagging", Document(("new", "2")))));
        Assert.Equal((404, "NoSuchBucket"), Error(await SendAsync("PUT", "/nowhere/absent?tagging", Document(("new", "2")))));
        Assert.Equal((404, 404), ((await SendAsync("HEAD", "/bucket/key")).Status, (await SendAsync("HEAD", "/bucket/absent")).Status));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task In_a_bucket_made_anew_local_alone_answers(string local)
    {
        await StartAsync(local);
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key")).Status);
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket")).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket")).Status);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((404, "NoSuchKey"), Error(await SetTagsAsync(("new", "2"))));
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_write_meanwhile_keeps_its_bytes_and_gets_the_tags(string local, string stage)
    {
        await StartAsync(local);
        At(stage, async () => Assert.Equal(200, (await _proxy.SendAsync("PUT", "/bucket/key", "written", ("x-amz-meta-m", "theirs"))).Status));
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var after = await GetAsync();
        Assert.Equal(("written", "theirs", "local"), (after.Text, after.Headers["x-amz-meta-m"], after.Headers["x-s3overlay-layer"]));
        Assert.Equal("new=2", await TagsAsync());
        Assert.Null(_meanwhile);
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_delete_meanwhile_stays(string local, string stage)
    {
        await StartAsync(local);
        At(stage, async () => Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/bucket/key")).Status));
        Assert.Equal((404, "NoSuchKey"), Error(await SetTagsAsync(("new", "2"))));
        Assert.Equal(404, (await GetAsync()).Status);
        Assert.Null(_meanwhile);
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_change_at_the_remote_meanwhile_is_never_mixed(string local, string stage)
    {
        await StartAsync(local);
        byte[] other = [.. Bytes.Select(static value => (byte)~value)];
        At(stage, () =>
        {
            _remote.Put("bucket", "key", Object("\"other\"") with { Bytes = other });
            return Task.CompletedTask;
        });
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var body = (await GetAsync()).Body;
        Assert.True(body.AsSpan().SequenceEqual(Bytes) || body.AsSpan().SequenceEqual(other));
        Assert.Equal("new=2", await TagsAsync());
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task A_remote_that_breaks_off_leaves_nothing(string local)
    {
        await StartAsync(local, ("S3_OVERLAY_REMOTE_BUDGET", "2m"));
        var sent = 0;
        _remote.Script = async (request, context) =>
        {
            if (!IsBody(request))
            {
                return await ScriptAsync(request, context);
            }

            if (Interlocked.Increment(ref sent) == 1)
            {
                return new ScriptedOutcome { CutAfter = 100_000 };
            }

            context.Abort();
            return ScriptedOutcome.Answered;
        };
        Assert.Equal((503, "ServiceUnavailable"), Error(await SetTagsAsync(("new", "2"))));
        Assert.True(sent > 1);
        if (_store is not null)
        {
            Assert.DoesNotContain("<Key>key</Key>", (await new SignedHttp(_store.Endpoint) { Clock = _clock }.SendAsync("GET", "/bucket", null)).Text, StringComparison.Ordinal);
        }

        _remote.Script = ScriptAsync;
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("remote", await LayerAsync());
        Assert.Equal("old=a b", await TagsAsync());
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task A_client_that_leaves_ends_the_copy(string local)
    {
        await StartAsync(local);
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedRequest? reading = null;
        _remote.Script = (request, context) =>
        {
            if (!IsBody(request))
            {
                return ScriptAsync(request, context);
            }

            context.RequestAborted.Register(left.SetResult);
            reading = request;
            return Task.FromResult(new ScriptedOutcome { GateAfter = (300_000, new TaskCompletionSource()) });
        };
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(_proxy.Endpoint.Host, _proxy.Endpoint.Port);
            await client.GetStream().WriteAsync(_proxy.Http.Signed("PUT", "/bucket/key?tagging", Encoding.UTF8.GetBytes(Document(("new", "2")))));
            await Patience.UntilAsync(() => reading is { BytesSent: >= 300_000 }, "The remote was not read.");
        }

        await left.Task.WaitAsync(Patience.Limit);
        Assert.Equal("remote", await LayerAsync());
        _remote.Script = ScriptAsync;
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        Assert.Equal(Bytes, (await GetAsync()).Body);
    }

    [Theory]
    [InlineData("embedded", 501, "NotImplemented")]
    [InlineData("store", 501, "NotImplemented")]
    [InlineData("embedded", 404, "NoSuchTagSet")]
    [InlineData("embedded", 403, "AccessDenied")]
    [InlineData("store", 403, "AccessDenied")]
    public async Task Tags_that_the_remote_does_not_tell_are_replaced_all_the_same(string local, int status, string code)
    {
        await StartAsync(local);
        _tagFailure = (status, code);
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        Assert.Equal(("new=2", "local"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("acl", null, 200, "old=a b")]
    [InlineData("retention", null, 200, "old=a b")]
    [InlineData("legal-hold", null, 200, "old=a b")]
    [InlineData("acl", 501, 200, "")]
    [InlineData("acl", 403, 403, null)]
    public async Task An_ACL_is_set_on_a_copy_that_has_the_remotes_tags(string what, int? tagStatus, int status, string? tags)
    {
        await StartAsync("store");
        _tagFailure = tagStatus is { } failure ? (failure, failure == 403 ? "AccessDenied" : "NotImplemented") : null;

        // The store of these tests knows no such sub-resource itself.
        var asked = new List<string>();
        _store!.Refuse = request =>
        {
            if (!request.Query.ContainsKey(what))
            {
                return null;
            }

            asked.Add(request.Method + request.Path);
            return 200;
        };
        Assert.Equal(status, (await SendAsync("PUT", $"/bucket/key?{what}", "<Document/>")).Status);
        Assert.Equal(status == 200 ? ["PUT/bucket/key"] : [], asked);
        Assert.Equal(status == 200 ? "local" : "remote", await LayerAsync());
        if (tags is not null)
        {
            Assert.Equal(tags, await TagsAsync());
            Assert.Equal(Bytes, (await GetAsync()).Body);
        }
    }

    [Fact]
    public async Task Nothing_is_copied_for_what_local_does_not_serve()
    {
        await StartAsync("embedded");
        foreach (var what in (string[])["acl", "retention", "legal-hold"])
        {
            Assert.Equal((501, "NotImplemented"), Error(await SendAsync("PUT", $"/bucket/key?{what}", "<Document/>")));
        }

        Assert.Equal((501, "NotImplemented"), Error(await SendAsync("PUT", "/bucket/key?tagging&versionId=of-the-remote", Document(("new", "2")))));
        Assert.Equal("remote", await LayerAsync());
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/key?tagging&versionId=null", Document(("new", "2")))).Status);
        Assert.Equal(("new=2", "local"), (await TagsAsync(), await LayerAsync()));
    }

    [Fact]
    public async Task A_kept_ETag_is_judged_by_and_does_not_pass_to_copies()
    {
        await StartAsync("embedded");
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var etag = (await SendAsync("HEAD", "/bucket/key")).Headers["ETag"];
        Assert.Equal(412, (await SendAsync("PUT", "/bucket/key", "v", ("If-Match", "\"wrong\""))).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/key"))).Status);
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(Bytes))}\"", (await SendAsync("HEAD", "/bucket/copy")).Headers["ETag"]);
        Assert.Equal(Bytes, (await SendAsync("GET", "/bucket/copy")).Body);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/key", "v", ("If-Match", etag))).Status);
    }

    public static TheoryData<string, string> Races()
    {
        var data = new TheoryData<string, string>();
        foreach (var local in (string[])["embedded", "store", "copies among written objects"])
        {
            foreach (var stage in (string[])["head", "tags", "first byte", "amid"])
            {
                data.Add(local, stage);
            }
        }

        return data;
    }

    private static ScriptedObject Object(string etag) =>
        new(Bytes, etag, Date, [("Content-Type", "text/x"), ("Cache-Control", "max-age=5"), ("x-amz-meta-m", "1"), ("x-amz-storage-class", "STANDARD_IA")]);

    private static (int Status, string Code) Error(RawAnswer answer) => (answer.Status, answer.Status < 300 ? "" : answer.Code);

    private static bool IsBody(ScriptedRequest request) => request is { Method: "GET", Key: "key", RawQuery: "" or "x-id=GetObject" };

    private static string Document(params (string Name, string Value)[] tags) =>
        $"<Tagging><TagSet>{string.Concat(tags.Select(static tag => $"<Tag><Key>{tag.Name}</Key><Value>{tag.Value}</Value></Tag>"))}</TagSet></Tagging>";

    private void At(string stage, Func<Task> meanwhile) => (_stage, _meanwhile) = (stage, meanwhile);

    private async Task StartAsync(string local, params (string Name, string Value)[] settings)
    {
        // Time passes here faster than work gets done: what a busy machine takes must not pass for a remote that hangs.
        settings =
        [
            ("S3_OVERLAY_REMOTE_FIRST_BYTE_TIMEOUT", "24h"), ("S3_OVERLAY_REMOTE_STALL_TIMEOUT", "24h"), ("S3_OVERLAY_REMOTE_BUDGET", "48h"), .. settings,
        ];
        if (local.Contains("caching", StringComparison.Ordinal) || local.StartsWith("copies", StringComparison.Ordinal))
        {
            settings = [.. settings, ("S3_OVERLAY_CACHE_ENABLED", "true")];
        }

        if (local.StartsWith("copies", StringComparison.Ordinal))
        {
            settings = [.. settings, ("S3_OVERLAY_CACHE_PLACE", "bucket")];
        }

        if (!local.StartsWith("embedded", StringComparison.Ordinal))
        {
            _open.Add(_store = await StoreServer.StartAsync(_clock));
        }

        _open.Add(_proxy = await OverlayHost.StartAsync(_store?.Endpoint, _remote.Endpoint, _clock, settings));
    }

    private async Task<ScriptedOutcome> ScriptAsync(ScriptedRequest request, HttpContext context)
    {
        var isTags = request.RawQuery.StartsWith("tagging", StringComparison.Ordinal);
        var stage = isTags ? "tags" : request.Method == "HEAD" && request.Key == "key" ? "head" : IsBody(request) ? "first byte" : "";
        if (stage == "first byte" && _stage == "amid" && Interlocked.Exchange(ref _meanwhile, null) is { } amid)
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = OpenAsync();
            return new ScriptedOutcome { GateAfter = (300_000, gate) };

            async Task OpenAsync()
            {
                try
                {
                    await Patience.UntilAsync(() => request.BytesSent >= 300_000, "The remote was not read.");
                    await amid();
                    gate.SetResult();
                }
                catch (Exception failure)
                {
                    gate.SetException(failure);
                }
            }
        }

        if (stage.Length > 0 && stage == _stage && Interlocked.Exchange(ref _meanwhile, null) is { } meanwhile)
        {
            await meanwhile();
        }

        if (!isTags)
        {
            return ScriptedOutcome.AsUsual;
        }

        if (_tagFailure is { } failed)
        {
            await ScriptedRemote.AnswerErrorAsync(context, failed.Status, failed.Code);
        }
        else
        {
            await context.Response.WriteAsync(Document(("old", "a b")));
        }

        return ScriptedOutcome.Answered;
    }

    private Task<RawAnswer> SendAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        _clock.RunAsync(_proxy.SendAsync(method, target, body, headers));

    private Task<RawAnswer> SetTagsAsync(params (string Name, string Value)[] tags) => SendAsync("PUT", "/bucket/key?tagging", Document(tags));

    private Task<RawAnswer> GetAsync() => SendAsync("GET", "/bucket/key");

    private async Task<string> LayerAsync() => (await SendAsync("HEAD", "/bucket/key")).Headers["x-s3overlay-layer"];

    private async Task<string> TagsAsync()
    {
        var answer = await SendAsync("GET", "/bucket/key?tagging");
        Assert.Equal(200, answer.Status);
        return string.Join('&', System.Xml.Linq.XElement.Parse(Encoding.UTF8.GetString(answer.Body)).Descendants()
            .Where(static element => element.Name.LocalName == "Tag")
            .Select(static tag => string.Join('=', tag.Elements().Select(static part => part.Value))));
    }
}
