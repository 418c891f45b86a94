using System.Text;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Changes;

/// <summary>
/// Each way to change a key records the remote's version that this proxy last showed, and asks the remote nothing about it (rule P1).
/// </summary>
[Trait("Rule", "P1")]
public sealed class RecordedBaseTests
{
    public static TheoryData<string> Layers => LayerScene.All;

    /// <summary>The ways a client sees the remote's object before it changes the key.</summary>
    public static TheoryData<string, string> Sights
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var layer in (string[])["embedded", "store"])
            {
                foreach (var sight in (string[])["GET", "HEAD", "range", "list", "versions", "hit", "not modified"])
                {
                    all.Add(layer, sight);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Sights))]
    public async Task A_write_records_the_version_that_was_shown(string layer, string sight)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var shown = scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        switch (sight)
        {
            case "list":
                await OkAsync(scene, "GET", "/bucket?list-type=2");
                break;
            case "versions":
                await OkAsync(scene, "GET", "/bucket?versions");
                break;
            case "range":
                Assert.Equal(206, (await scene.SendAsync("GET", "/bucket/k", null, ("Range", "bytes=1-2"))).Status);
                break;
            case "not modified":
                Assert.Equal(304, (await scene.SendAsync("GET", "/bucket/k", null, ("If-None-Match", shown.ETag))).Status);
                break;
            default:
                await OkAsync(scene, sight == "HEAD" ? "HEAD" : "GET", "/bucket/k");
                if (sight == "hit")
                {
                    await scene.Proxy.WhenIdleAsync();
                    await OkAsync(scene, "GET", "/bucket/k");
                }

                break;
        }

        // The rest of a range is filled in the background.
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Put("bucket", "k", "changed since"u8.ToArray());
        var asked = Asked(scene);
        await OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.Equal(asked, Asked(scene));
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_404_is_a_base_too(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.AddBucket("bucket");
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/k")).Status);
        await OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.True((await BaseAsync(scene, "k"))!.IsAbsent);
        await OkAsync(scene, "PUT", "/bucket/new", "mine", ("If-None-Match", "*"));
        Assert.True((await BaseAsync(scene, "new"))!.IsAbsent);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_refusal_is_no_absence(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.AddBucket("bucket");
        scene.Remote.Script = async (request, context) =>
        {
            if (request.Key.Length == 0)
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(404, (await scene.SendAsync("GET", "/bucket/k")).Status);
        await OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.True((await BaseAsync(scene, "k"))!.IsUnknown);
    }

    /// <summary>The ways to change a key.</summary>
    public static TheoryData<string, string> Ways
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var layer in (string[])["embedded", "store"])
            {
                foreach (var way in (string[])["put", "put if", "form", "copy", "copy replaced", "copy of written", "upload", "delete",
                    "delete if", "delete many", "tags"])
                {
                    all.Add(layer, way);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Each_way_to_change_a_key_records_it_and_a_later_change_keeps_it(string layer, string way)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "source", "other"u8.ToArray(), ("x-amz-meta-of", "source"));
        var shown = scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await OkAsync(scene, "PUT", "/bucket/written", "text", ("x-amz-meta-of", "written"), ("Content-Type", "text/x"));
        await OkAsync(scene, "GET", "/bucket/k");
        await ChangeAsync(scene, way, shown.ETag);
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
        scene.Remote.Put("bucket", "k", "changed since"u8.ToArray());
        await OkAsync(scene, "PUT", "/bucket/k", "second");
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/k")).Status);
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
        Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/k")).Status);
        await OkAsync(scene, "PUT", "/bucket/k", "third");
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
    }

    /// <summary>A proxy that has seen nothing of a key keeps what an earlier one recorded.</summary>
    [Theory]
    [InlineData("embedded", "PUT", "PUT")]
    [InlineData("embedded", "DELETE", "PUT")]
    [InlineData("embedded", "PUT", "DELETE")]
    [InlineData("store", "PUT", "PUT")]
    [InlineData("store", "DELETE", "PUT")]
    [InlineData("store", "PUT", "DELETE")]
    [InlineData("store", "DELETE", "DELETE")]
    public async Task A_change_over_a_change_keeps_the_base_after_a_restart(string layer, string first, string second)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        var shown = scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await OkAsync(scene, "GET", "/bucket/k");
        await scene.SendAsync(first, "/bucket/k", first == "PUT" ? "mine" : null);
        scene.Proxy.Services.Overlay!.Reader.Shown.ForgetAll();
        var asked = Asked(scene);
        await scene.SendAsync(second, "/bucket/k", second == "PUT" ? "second" : null);
        Assert.Equal(asked, Asked(scene));
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task With_nothing_known_it_is_recorded_since_when(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await OkAsync(scene, "PUT", "/bucket/k", "mine");
        var first = await BaseAsync(scene, "k");
        Assert.True(first!.IsUnknown);
        scene.Proxy.Services.Overlay!.Reader.Shown.ForgetAll();
        scene.Clock.Advance(TimeSpan.FromHours(1));
        await OkAsync(scene, "PUT", "/bucket/k", "second");
        var second = await BaseAsync(scene, "k");
        Assert.True(second!.IsUnknown);
        Assert.InRange(second.Date - first.Date, TimeSpan.FromSeconds(-2), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task The_built_in_cache_knows_the_version_after_a_restart()
    {
        await using var scene = await LayerScene.StartAsync("embedded");
        var shown = scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await OkAsync(scene, "GET", "/bucket/k");
        await scene.Proxy.WhenIdleAsync();
        scene.Proxy.Services.Overlay!.Reader.Shown.ForgetAll();
        scene.Remote.Put("bucket", "k", "changed since"u8.ToArray());
        await OkAsync(scene, "PUT", "/bucket/k", "mine");
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task Clients_neither_see_nor_send_a_base(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await OkAsync(scene, "GET", "/bucket/k");
        await OkAsync(scene, "PUT", "/bucket/k", "mine", ("x-amz-meta-own", "1"));
        Assert.NotNull(await BaseAsync(scene, "k"));
        await OkAsync(scene, "PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/k"));
        foreach (var (method, key) in ((string, string)[])[("GET", "k"), ("HEAD", "k"), ("GET", "copy")])
        {
            var seen = await scene.SendAsync(method, "/bucket/" + key);
            Assert.Equal("1", seen.Headers["x-amz-meta-own"]);
            Assert.DoesNotContain(seen.Headers.Keys, static name => name.Contains("meta-s3overlay", StringComparison.OrdinalIgnoreCase));
        }

        var refused = await scene.SendAsync("PUT", "/bucket/k", "x", ("x-amz-meta-s3overlay-base", "-"));
        Assert.Equal((400, "InvalidArgument"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task A_copy_whose_source_the_store_does_not_show_is_a_503_and_never_without_base()
    {
        await using var scene = await LayerScene.StartAsync("store");
        scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await OkAsync(scene, "PUT", "/bucket/from", "written");
        await OkAsync(scene, "GET", "/bucket/k");
        await scene.Proxy.WhenIdleAsync();
        scene.Remote.Put("bucket", "k", "newer"u8.ToArray());
        scene.Store!.Refuse = static request =>
            request.Method == "HEAD" && request.Path.Value!.EndsWith("/from", StringComparison.Ordinal) ? 500 : null;
        Assert.Equal(503, (await scene.SendAsync("PUT", "/bucket/k", null, ("x-amz-copy-source", "/bucket/from"))).Status);
        scene.Store.Refuse = null;
        await OkAsync(scene, "PUT", "/bucket/k", null, ("x-amz-copy-source", "/bucket/from"));
        Assert.Contains("M! k", await ChangeLines.OfAsync(scene));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_copy_has_the_metadata_of_its_source_and_the_base_of_its_own_key(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "from", "source"u8.ToArray());
        var shown = scene.Remote.Put("bucket", "k", "remote"u8.ToArray());
        await OkAsync(scene, "GET", "/bucket/from");
        await OkAsync(scene, "PUT", "/bucket/from", "text", ("x-amz-meta-of", "from"), ("Content-Type", "text/x"), ("Cache-Control", "no"));
        await OkAsync(scene, "GET", "/bucket/k");
        await OkAsync(scene, "PUT", "/bucket/k", null, ("x-amz-copy-source", "/bucket/from"));
        var copy = await scene.SendAsync("GET", "/bucket/k");
        Assert.Equal(("text", "from", "text/x", "no"),
            (copy.Text, copy.Headers["x-amz-meta-of"], copy.Headers["Content-Type"], copy.Headers["Cache-Control"]));
        Assert.Equal(Of(shown), await BaseAsync(scene, "k"));
        var failed = await scene.SendAsync("PUT", "/bucket/k", null, ("x-amz-copy-source", "/bucket/from"),
            ("x-amz-copy-source-if-unmodified-since", "Mon, 01 Jan 2001 00:00:00 GMT"));
        Assert.Equal(412, failed.Status);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public async Task A_bucket_without_a_remote_gets_none(string layer)
    {
        await using var scene = await LayerScene.StartAsync(
            layer, ("S3_OVERLAY_BUCKET_MAPPING", "mapped:mapped"), ("S3_OVERLAY_UNMAPPED", "deny"));
        await OkAsync(scene, "PUT", "/plain");
        scene.Store?.ForgetCalls();
        await OkAsync(scene, "PUT", "/plain/k", "mine");
        await OkAsync(scene, "PUT", "/plain/k", "second");
        Assert.Equal(scene.Store is null ? null : 2, scene.Store?.Calls.Count);
        Assert.Null((await scene.Proxy.Services.Local.Changes.FindAsync("plain", "k", default))!.Base);
    }

    private static async Task ChangeAsync(LayerScene scene, string way, string etag)
    {
        switch (way)
        {
            case "put":
                await OkAsync(scene, "PUT", "/bucket/k", "mine");
                break;
            case "put if":
                await OkAsync(scene, "PUT", "/bucket/k", "mine", ("If-Match", etag));
                break;
            case "form":
                const string Boundary = "xxBOUNDARYxx";
                var form = $"--{Boundary}\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--{Boundary}\r\n"
                    + $"Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nmine\r\n--{Boundary}--\r\n";
                Assert.Equal(204, (await scene.SendAsync("POST", "/bucket", form,
                    ("Content-Type", "multipart/form-data; boundary=" + Boundary))).Status);
                break;
            case "copy":
                await OkAsync(scene, "PUT", "/bucket/k", null, ("x-amz-copy-source", "/bucket/source"));
                break;
            case "copy replaced":
                await OkAsync(scene, "PUT", "/bucket/k", null, ("x-amz-copy-source", "/bucket/written"),
                    ("x-amz-metadata-directive", "REPLACE"));
                break;
            case "copy of written":
                await OkAsync(scene, "PUT", "/bucket/k", null, ("x-amz-copy-source", "/bucket/written"));
                break;
            case "upload":
                var begun = await scene.SendAsync("POST", "/bucket/k?uploads");
                var id = begun.Text.Split("<UploadId>")[1].Split('<')[0];
                scene.Remote.Put("bucket", "k", "changed during the upload"u8.ToArray());
                await OkAsync(scene, "HEAD", "/bucket/source");
                var part = await scene.SendAsync("PUT", $"/bucket/k?partNumber=1&uploadId={UriEncoding.EncodeComponent(id)}", "mine");
                await OkAsync(scene, "POST", $"/bucket/k?uploadId={UriEncoding.EncodeComponent(id)}",
                    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + part.Headers["ETag"]
                    + "</ETag></Part></CompleteMultipartUpload>");
                break;
            case "delete":
                Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/k")).Status);
                break;
            case "delete if":
                Assert.Equal(204, (await scene.SendAsync("DELETE", "/bucket/k", null, ("If-Match", etag))).Status);
                break;
            case "delete many":
                const string Keys = "<Delete><Object><Key>k</Key></Object></Delete>";
                await OkAsync(scene, "POST", "/bucket?delete", Keys, ("Content-MD5",
                    Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes(Keys)))));
                break;
            case "tags":
                const string Tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
                await OkAsync(scene, "PUT", "/bucket/k?tagging", Tags, ("Content-MD5",
                    Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes(Tags)))));
                break;
            default:
                throw new ArgumentException(way);
        }
    }

    private static async Task OkAsync(LayerScene scene, string method, string target, string? body = null,
        params (string Name, string Value)[] headers)
    {
        var response = await scene.SendAsync(method, target, body, headers);
        Assert.True(response.Status == 200, $"{method} {target}: {response.Text}");
    }

    /// <summary>Requests for objects and pages that the remote got.</summary>
    private static int Asked(LayerScene scene) =>
        scene.Remote.Requests.Count(static request => request.Key.Length > 0 || request.Method == "GET");

    private static async Task<RemoteBase?> BaseAsync(LayerScene scene, string key) =>
        (await scene.Clock.RunAsync(scene.Proxy.Services.Local.Changes.FindAsync("bucket", key, default).AsTask()))?.Base;

    private static RemoteBase Of(ScriptedObject item) => new(item.ETag, item.Bytes.Length, HttpDates.WholeSeconds(item.LastModified));
}
