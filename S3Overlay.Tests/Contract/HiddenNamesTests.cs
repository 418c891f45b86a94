using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Hidden buckets and prefixes do not exist for clients, whichever layer has them (rule A8).</summary>
[Trait("Rule", "A8")]
public abstract class HiddenNamesTests : IAsyncLifetime
{
    private static readonly string[] Written =
    [
        "/secrets/key", "/plain/private/a", "/plain/private/b/c", "/plain/a/b/hidden", "/plain/mixed/h/x", "/plain/mixed/shown",
        "/plain/z",
    ];

    private readonly List<IAsyncDisposable> _started = [];
    private readonly TemporaryFolder _folder = new();

    private protected OverlayHost Proxy { get; private set; } = null!;

    /// <summary>Whether an S3 endpoint is the local layer.</summary>
    protected virtual bool IsOnStore => false;

    /// <summary>Whether the buckets have a remote, which has the hidden keys.</summary>
    protected virtual bool IsOverlaid => false;

    public async Task InitializeAsync()
    {
        StoreServer? store = null;
        ScriptedRemote? remote = null;
        if (IsOnStore)
        {
            _started.Add(store = await StoreServer.StartAsync());
        }

        if (IsOverlaid)
        {
            _started.Add(remote = await ScriptedRemote.StartAsync());
        }

        (string, string)[] hide = [("S3_OVERLAY_HIDE", "secrets, plain/private/, plain/a/b/, plain/mixed/h")];
        if (remote is not null)
        {
            foreach (var target in Written)
            {
                remote.Put(target.Split('/')[1], string.Join('/', target.Split('/')[2..]), "text"u8.ToArray());
            }

            remote.Put("plain", "deleted", "text"u8.ToArray());
            remote.AddBucket("gone");
            Proxy = await OverlayHost.StartAsync(store?.Endpoint, remote.Endpoint, null, hide);
            Assert.Equal(204, (await Proxy.SendAsync("DELETE", "/plain/deleted")).Status);
            Assert.Equal(204, (await Proxy.SendAsync("DELETE", "/gone")).Status);
            return;
        }

        // Written while nothing is hidden.
        await using (var before = await OverlayHost.StartAsync(store?.Endpoint, null, null, ("S3_OVERLAY_DATA_DIR", _folder["data"])))
        {
            await before.SendAsync("PUT", "/secrets");
            await before.SendAsync("PUT", "/plain");
            foreach (var target in Written)
            {
                Assert.Equal(200, (await before.SendAsync("PUT", target, "text")).Status);
            }

            Assert.Equal(200, (await before.SendAsync("POST", "/plain/private/upload?uploads")).Status);
            Assert.Equal(200, (await before.SendAsync("POST", "/plain/shown-upload?uploads")).Status);
        }

        Proxy = await OverlayHost.StartAsync(store?.Endpoint, null, null, [("S3_OVERLAY_DATA_DIR", _folder["data"]), .. hide]);
    }

    public async Task DisposeAsync()
    {
        await Proxy.DisposeAsync();
        foreach (var each in _started)
        {
            await each.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Every_operation_on_a_hidden_name_is_404_or_403()
    {
        foreach (var row in OperationTable.OfS3.Rows.Where(static row => row.Level != TargetLevel.Service))
        {
            foreach (var target in row.Level == TargetLevel.Bucket ? (string[])["/secrets"] : ["/secrets/key", "/plain/private/a"])
            {
                (string, string)[] headers = row.Operation is S3Operation.CopyObject or S3Operation.UploadPartCopy
                    ? [("x-amz-copy-source", "/plain/z")] : [("x-amz-object-attributes", "ETag")];
                var answer = await Proxy.SendAsync(row.Method, target + SelectorOf(row),
                    row.Method is "PUT" or "POST" ? "<a/>" : null, headers);
                var expected = row.Operation == S3Operation.Unknown ? 501

                    // It is no form.
                    : row.Operation == S3Operation.PostObject ? 405
                    : row.Method is "GET" or "HEAD" || row.Operation == S3Operation.SelectObjectContent ? 404 : 403;
                Assert.True(expected == answer.Status, $"{row.Method} {target}?{row.Selector}: {answer.Status} {answer.Text}");
                Assert.DoesNotContain("text", answer.Text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_hidden_name_answers_as_one_that_was_deleted()
    {
        foreach (var row in OperationTable.OfS3.Rows.Where(static row => row.Level != TargetLevel.Service && row.Method is "GET" or "HEAD"))
        {
            if (row.Selector.Length > 0 && (IsOnStore || row.Operation is S3Operation.GetObjectLegalHold or S3Operation.GetObjectRetention))
            {
                // A store has its own way with these. A bucket without locks says so before it looks for the object.
                continue;
            }

            var mark = SelectorOf(row);
            foreach (var (hidden, gone) in row.Level == TargetLevel.Bucket ? ((string, string)[])[("/secrets", "/gone")]
                : [("/secrets/key", "/gone/key"), ("/plain/private/a", "/plain/deleted"), ("/plain/mixed/h", "/plain/deleted")])
            {
                await AssertAlikeAsync(row.Method, hidden + mark, gone + mark);
            }
        }

        foreach (var query in (string[])["?partNumber=x", "?versionId=", "?versionId=null", "?attributes", "?response-expires=0"])
        {
            await AssertAlikeAsync("GET", "/plain/private/a" + query, "/plain/deleted" + query);
        }

        foreach (var header in (string[])["If-Match", "If-None-Match", "x-amz-expected-bucket-owner", "Range"])
        {
            var value = header == "Range" ? "bytes=0-0" : header[0] == 'x' ? "123456789012" : "*";
            await AssertAlikeAsync("GET", "/plain/private/a", "/plain/deleted", (header, value));
        }

        await AssertAlikeAsync("GET", "/plain/private/a", "/plain/deleted", ("Cache-Control", "only-if-cached"));
    }

    [Fact]
    public async Task Hidden_names_are_no_sources_of_copies()
    {
        foreach (var (source, code) in ((string, string)[])[("/plain/private/a", "NoSuchKey"), ("/secrets/key", "NoSuchBucket"),
            ("/plain/%70rivate/a", "NoSuchKey")])
        {
            var answer = await Proxy.SendAsync("PUT", "/plain/copied", null, ("x-amz-copy-source", source));
            Assert.Equal((404, code), (answer.Status, answer.Code));
        }

        Assert.Equal(200, (await Proxy.SendAsync("PUT", "/plain/copied", null, ("x-amz-copy-source", "/plain/z"))).Status);
    }

    [Fact]
    public async Task Hidden_keys_are_not_deleted_with_others()
    {
        var answer = await Proxy.SendAsync("POST", "/plain?delete",
            "<Delete><Object><Key>private/a</Key></Object><Object><Key>z</Key></Object></Delete>");
        Assert.Equal(200, answer.Status);
        var result = S3XmlReader.Parse(answer.Body);
        Assert.Equal(("private/a", "AccessDenied"), (result.Children("Error").Single().ChildText("Key"),
            result.Children("Error").Single().ChildText("Code")));
        Assert.Equal("z", result.Children("Deleted").Single().ChildText("Key"));
        Assert.Equal(403, (await Proxy.SendAsync("POST", "/secrets?delete", "<Delete><Object><Key>key</Key></Object></Delete>")).Status);
        Assert.True(await IsSeenByTheAdministrationAsync("plain", "private/a"));
        Assert.True(await IsSeenByTheAdministrationAsync("secrets", "key"));
    }

    [Theory]
    [InlineData("list-type=2", "mixed/shown z")]
    [InlineData("", "mixed/shown z")]
    [InlineData("versions", "mixed/shown z")]
    [InlineData("list-type=2&delimiter=/", "z mixed/")]
    [InlineData("delimiter=/", "z mixed/")]
    [InlineData("versions&delimiter=/", "z mixed/")]
    [InlineData("list-type=2&delimiter=i", "z mi")]
    [InlineData("list-type=2&prefix=private/", "")]
    [InlineData("list-type=2&prefix=private/b/&delimiter=/", "")]
    [InlineData("list-type=2&prefix=p", "")]
    [InlineData("list-type=2&prefix=a/&delimiter=/", "")]
    [InlineData("list-type=2&prefix=mixed/&delimiter=/", "mixed/shown")]
    [InlineData("list-type=2&start-after=private/a", "z")]
    [InlineData("marker=private/a", "z")]
    [InlineData("list-type=2&encoding-type=url&delimiter=/", "z mixed%2F")]
    public async Task Listings_have_no_hidden_names(string query, string expected)
    {
        var answer = await Proxy.SendAsync("GET", "/plain?" + query);
        Assert.True(answer.Status == 200, answer.Text);
        var root = S3XmlReader.Parse(answer.Body);
        Assert.Equal(expected.Replace("%2F", "/", StringComparison.Ordinal), string.Join(' ', Names(root)));
        Assert.Equal("false", root.ChildText("IsTruncated"));
        Assert.DoesNotContain("private", answer.Text.Replace($"<Prefix>{root.ChildText("Prefix")}</Prefix>", "", StringComparison.Ordinal)
            .Replace("private/a</StartAfter>", "", StringComparison.Ordinal).Replace("private/a</Marker>", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list-type=2&max-keys=1", "NextContinuationToken", "continuation-token")]
    [InlineData("list-type=2&max-keys=1&delimiter=/", "NextContinuationToken", "continuation-token")]
    [InlineData("max-keys=1", "NextMarker", "marker")]
    [InlineData("max-keys=1&delimiter=/", "NextMarker", "marker")]
    [InlineData("versions&max-keys=1", "NextKeyMarker", "key-marker")]
    [InlineData("versions&max-keys=1&delimiter=/", "NextKeyMarker", "key-marker")]
    public async Task Pages_are_whole_and_end_where_visible_names_end(string query, string next, string parameter)
    {
        List<string> seen = [];
        for (var (more, pages) = ("", 0); ; pages++)
        {
            Assert.InRange(pages, 0, 2);
            var root = S3XmlReader.Parse((await Proxy.SendAsync("GET", $"/plain?{query}{more}")).Body);
            seen.Add(Names(root).Single());
            if (root.ChildText("IsTruncated") != "true")
            {
                Assert.Null(root.ChildText(next));
                break;
            }

            more = $"&{parameter}={Uri.EscapeDataString(root.ChildText(next)!)}";
        }

        Assert.Equal(query.Contains("delimiter", StringComparison.Ordinal) ? ["mixed/", "z"] : ["mixed/shown", "z"], seen);
    }

    [Fact]
    public async Task Hidden_buckets_are_not_listed()
    {
        var listed = S3XmlReader.Parse((await Proxy.SendAsync("GET", "/")).Body).Descendants()
            .Where(static element => element.Name.LocalName == "Name").Select(static element => element.Value);
        Assert.DoesNotContain("secrets", listed);
        Assert.Equal(403, (await Proxy.SendAsync("PUT", "/secrets")).Status);
    }

    [Fact]
    public async Task A_bucket_with_hidden_keys_alone_is_not_empty()
    {
        foreach (var key in (string[])["mixed/shown", "z"])
        {
            Assert.Equal(204, (await Proxy.SendAsync("DELETE", "/plain/" + key)).Status);
        }

        Assert.Empty(Names(S3XmlReader.Parse((await Proxy.SendAsync("GET", "/plain?list-type=2")).Body)));
        Assert.Equal((409, "BucketNotEmpty"), await StatusAsync("DELETE", "/plain"));
    }

    [Fact]
    public async Task The_console_sees_what_clients_see()
    {
        await using var answer = await Proxy.ForConsole.SendAsync(
            new("minioadmin", null, IsSecure: false), new("GET", "/plain/private/a"), CancellationToken.None);
        Assert.Equal(404, answer.Status);
    }

    private protected static IEnumerable<string> Names(XElement root) => root.Elements().Where(static row => row.Name.LocalName
        is "Contents" or "Version" or "DeleteMarker" or "Upload" or "CommonPrefixes").Select(static row =>
            Uri.UnescapeDataString(row.ChildText("Key") ?? row.ChildText("Prefix")!));

    private static string SelectorOf(OperationTable.Row row) => row.Selector.Length == 0 ? ""
        : row.Operation is S3Operation.UploadPart or S3Operation.UploadPartCopy ? "?uploadId=x&partNumber=1"
        : row.Selector == "uploadId" ? "?uploadId=x" : "?" + row.Selector;

    /// <summary>Compares all that a client can see of two names, also one without a key.</summary>
    private async Task AssertAlikeAsync(string method, string hidden, string gone, params (string, string)[] headers)
    {
        // A store decides itself about requests without a key.
        foreach (var isSigned in IsOnStore ? (bool[])[true] : [true, false])
        {
            var (first, second) = (await AskAsync(hidden), await AskAsync(gone));
            Assert.Equal((gone, second), (gone, first));

            async Task<string> AskAsync(string target)
            {
                var answer = await (isSigned ? Proxy.SendAsync(method, target, null, headers)
                    : Proxy.Http.SendUnsignedAsync(method, target, null, headers));
                return $"{method} {answer.Status} {answer.Code} {(IsOnStore ? "" : string.Join(' ', answer.Headers.Keys.Order()))} "
                    + answer.Headers.GetValueOrDefault("x-s3overlay-layer");
            }
        }
    }

    private async Task<(int Status, string Code)> StatusAsync(string method, string target)
    {
        var answer = await Proxy.SendAsync(method, target);
        return (answer.Status, answer.Code ?? "");
    }

    private async Task<bool> IsSeenByTheAdministrationAsync(string bucket, string key) =>
        (await Proxy.SendAsync("GET", $"/-/v1/explain?bucket={bucket}&key={Uri.EscapeDataString(key)}")).Text
            .Contains("\"visible\":true", StringComparison.Ordinal);
}

/// <summary>See <see cref="HiddenNamesTests"/>: in buckets with a remote.</summary>
public sealed class HiddenNamesOfRemoteTests : HiddenNamesTests
{
    /// <inheritdoc/>
    protected override bool IsOverlaid => true;
}

/// <summary>See <see cref="HiddenNamesTests"/>: in buckets of an S3 endpoint.</summary>
public sealed class HiddenNamesOnStoreTests : HiddenNamesTests
{
    /// <inheritdoc/>
    protected override bool IsOnStore => true;
}
