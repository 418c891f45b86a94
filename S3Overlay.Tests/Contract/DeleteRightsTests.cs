using System.Security.Cryptography;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>DeleteObjects for a client whose rights cover only part of the bucket (rule A2).</summary>
[Trait("Rule", "A2")]
public sealed class DeleteRightsTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    [InlineData("made anew")]
    [InlineData("store alone")]
    [InlineData("store, made anew")]
    public async Task Each_key_is_authorized_by_itself(string kind)
    {
        await using var scene = await StartAsync(kind);
        var response = await DeleteAsync(scene.Visitor, "in/a", "out", "in/none");
        Assert.Equal(200, response.Status);
        Assert.Contains("<Deleted><Key>in/a</Key>", response.Text, StringComparison.Ordinal);
        Assert.Contains("<Deleted><Key>in/none</Key>", response.Text, StringComparison.Ordinal);
        Assert.Contains("<Error><Key>out</Key><Code>AccessDenied</Code>", response.Text, StringComparison.Ordinal);
        foreach (var (keys, deleted, refused) in ((string[], int, int)[])[
            (["out", "out\r"], 0, 2), (["in/odd\u0001\r&<"], 1, 0), (["in/odd\u0001\r&<", "o\u0001\r&<"], 1, 1)])
        {
            await scene.Proxy.SendAsync("PUT", "/bkt/in/odd%01%0D%26%3C", "odd");
            response = await DeleteAsync(scene.Visitor, keys);
            Assert.Equal((200, deleted, refused),
                (response.Status, response.Text.Split("<Deleted>").Length - 1, response.Text.Split("<Error>").Length - 1));
            Assert.Equal(deleted > 0 ? 404 : 200, (await scene.Proxy.SendAsync("GET", "/bkt/in/odd%01%0D%26%3C")).Status);
        }

        Assert.Equal((404, 200),
            ((await scene.Proxy.SendAsync("GET", "/bkt/in/a")).Status, (await scene.Proxy.SendAsync("GET", "/bkt/out")).Status));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    [InlineData("store alone")]
    [InlineData("store, made anew")]
    public async Task A_client_without_any_write_right_is_refused_as_a_whole(string kind)
    {
        await using var scene = await StartAsync(kind);
        var refused = await DeleteAsync(scene.Reader, "in/a", "out");
        Assert.Equal((403, "AccessDenied"), (refused.Status, refused.Code));
        Assert.Equal((200, 200),
            ((await scene.Proxy.SendAsync("GET", "/bkt/in/a")).Status, (await scene.Proxy.SendAsync("GET", "/bkt/out")).Status));
    }

    /// <summary>
    /// If an object has several keys, some stores use the last one. If a key contains elements, some use only its own text.
    /// </summary>
    [Theory]
    [InlineData("plain", "<Key>in/a</Key><Key>out</Key>")]
    [InlineData("overlaid", "<Key>in/a</Key><Key>out</Key>")]
    [InlineData("store alone", "<Key>in/a</Key><Key>out</Key>")]
    [InlineData("store alone", "<Key><z>in/</z>out</Key>")]
    [InlineData("store alone", "<Key>in/a<Key>out</Key></Key>")]
    [InlineData("plain", "<Key>in/&#xD800;</Key>")]
    [InlineData("overlaid", "<Key>in/&#xD800;</Key>")]
    [InlineData("store alone", "<Key>in/&#xD800;</Key>")]
    public async Task An_ambiguous_key_is_refused(string kind, string key)
    {
        await using var scene = await StartAsync(kind);
        var response = await DeleteAsync(scene.Visitor, $"<Delete><Object>{key}</Object></Delete>");
        Assert.Equal((400, "MalformedXML"), (response.Status, response.Code));
        Assert.Equal((200, 200),
            ((await scene.Proxy.SendAsync("GET", "/bkt/in/a")).Status, (await scene.Proxy.SendAsync("GET", "/bkt/out")).Status));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store alone")]
    public async Task A_key_that_is_too_long_costs_the_others_nothing(string kind)
    {
        await using var scene = await StartAsync(kind);
        var response = await DeleteAsync(scene.Visitor, "in/a", "in/" + new string('k', 1100), "out");
        Assert.Equal(200, response.Status);
        Assert.Contains("<Deleted><Key>in/a</Key>", response.Text, StringComparison.Ordinal);
        Assert.Contains("kkk</Key><Code>KeyTooLongError</Code>", response.Text, StringComparison.Ordinal);
        Assert.Contains("<Error><Key>out</Key><Code>AccessDenied</Code>", response.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await scene.Proxy.SendAsync("GET", "/bkt/in/a")).Status);
    }

    /// <summary>The store gets a new document with only the checked keys, and nothing else from the client's.</summary>
    [Fact]
    public async Task The_store_gets_the_conditions_of_a_permitted_key()
    {
        await using var scene = await StartAsync("store alone");
        var response = await DeleteAsync(
            scene.Visitor,
            "<Delete><Odd>x</Odd><Object><Key>in/a</Key><ETag>\"0\"</ETag><Key2>out</Key2></Object><Object><Key>in/b</Key><ETag/></Object>"
            + "<Object><Key>out</Key></Object></Delete>");
        Assert.Equal(200, response.Status);
        Assert.Contains("<Key>in/a</Key><Code>PreconditionFailed</Code>", response.Text, StringComparison.Ordinal);
        Assert.Contains("<Error><Key>out</Key><Code>AccessDenied</Code>", response.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await scene.Proxy.SendAsync("GET", "/bkt/in/a")).Status);
    }

    private static Task<RawResponse> DeleteAsync(SignedHttp client, params string[] keys) =>
        DeleteAsync(client, $"<Delete>{string.Concat(keys.Select(static key => $"<Object><Key>{Escaped(key)}</Key></Object>"))}</Delete>");

    private static Task<RawResponse> DeleteAsync(SignedHttp client, string text)
    {
        var document = Encoding.UTF8.GetBytes(text);
        return client.SendAsync("POST", "/bkt?delete", document, ("Content-MD5", Convert.ToBase64String(MD5.HashData(document))));
    }

    private static string Escaped(string key) => string.Concat(key.Select(static c => c is < ' ' or '&' or '<' ? $"&#{(int)c};" : $"{c}"));

    private static async Task<Scene> StartAsync(string kind)
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder["keys.json"],
            """
            [ { "accessKey": "minioadmin", "secretKey": "minioadmin", "rights": { "*": "write" } },
              { "accessKey": "visitor", "secretKey": "visitor-here", "rights": { "bkt/in/*": "write" } },
              { "accessKey": "reader", "secretKey": "reader-here", "rights": { "bkt": "read", "bkt/in/*": "read", "other": "write" } } ]
            """);
        var remote = kind is "plain" or "store alone" ? null : await ScriptedRemote.StartAsync();
        remote?.Put("bkt", "in/remote", "of the remote"u8.ToArray());
        var store = kind.StartsWith("store", StringComparison.Ordinal) ? await StoreServer.StartAsync() : null;
        var proxy = await OverlayHost.StartAsync(store?.Endpoint, remote?.Endpoint, null, ("S3_OVERLAY_KEYS_FILE", folder["keys.json"]));
        if (kind.EndsWith("made anew", StringComparison.Ordinal))
        {
            Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bkt/in/remote")).Status);
            Assert.Equal(204, (await proxy.SendAsync("DELETE", "/bkt")).Status);
        }

        await proxy.SendAsync("PUT", "/bkt");
        foreach (var key in (string[])["in/a", "out"])
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/bkt/" + key, key)).Status);
        }

        return new Scene(folder, remote, store, proxy);
    }

    private sealed record Scene(TemporaryFolder Folder, ScriptedRemote? Remote, StoreServer? Store, OverlayHost Proxy) : IAsyncDisposable
    {
        /// <summary>May write a prefix of the bucket.</summary>
        public SignedHttp Visitor { get; } = new(Proxy.Endpoint, "visitor", "visitor-here");

        /// <summary>May read there, and write elsewhere.</summary>
        public SignedHttp Reader { get; } = new(Proxy.Endpoint, "reader", "reader-here");

        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            await (Store?.DisposeAsync() ?? default);
            await (Remote?.DisposeAsync() ?? default);
            Folder.Dispose();
        }
    }
}
