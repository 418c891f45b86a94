using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>
/// Odd reads and listings of an overlay get the same responses as on a plain server with the same visible objects: the remote's objects
/// that were neither deleted nor replaced here, and the objects written here (rules T1, L1).
/// </summary>
[Trait("Rule", "T1")]
public sealed partial class OddRequestsTests
{
    private const int Large = 300_000;

    private static readonly string[] Keys =
    [
        "a", "a/", "a/1", "a/2", "a/b/1", "a-b", "a+b c", "a%2Fb", "a&<b>\"'", "b/only/deep/key", "c//d", "d/1", "d/2", "é/ü", "é/😀",
        "z\tz", "z/\u0001", "zz/~", "empty", "large", "parts",
    ];

    /// <summary>Keys of the remote that are deleted here.</summary>
    private static readonly string[] Deleted = ["a/0", "a/3", "a/b/0", "b/gone/1", "b/gone/2", "c", "d/", "d/0", "e/1", "e/2/3", "é/a",
        "~"];

    /// <summary>The prefixes of the second remote, if any.</summary>
    private static readonly string[] Others = ["a/b/", "d/", "e/", "é/"];

    [Theory]
    [InlineData("embedded", "whole")]
    [InlineData("store", "whole")]
    [InlineData("embedded", "prefix")]
    [InlineData("store", "divided")]
    public async Task They_get_the_response_of_a_plain_server(string layer, string kind)
    {
        await using var plain = await OverlayHost.StartEmbeddedAsync(null);
        await using var remote = await OverlayHost.StartEmbeddedAsync(null);
        await using var other = await OverlayHost.StartEmbeddedAsync(null);
        await using var store = layer == "store" ? await StoreServer.StartAsync() : null;
        await using var overlay = await OverlayHost.StartAsync(
            store?.Endpoint, remote.Endpoint, null,
            [
                ("S3_OVERLAY_CACHE_ENABLED", "true"), ("S3_OVERLAY_CHUNK_THRESHOLD", "65536"), ("S3_OVERLAY_CHUNK_SIZE", "65536"),
                ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"),
                .. SettingsOf(kind, other),
            ]);
        foreach (var host in (OverlayHost[])[plain, remote, other])
        {
            await host.SendAsync("PUT", "/bucket");
        }

        var prefix = kind == "prefix" ? "pre/fix/" : "";
        foreach (var key in Keys.Concat(Deleted))
        {
            var isOfOther = kind == "divided" && Others.Any(folder => key.StartsWith(folder, StringComparison.Ordinal));
            if (!Deleted.Contains(key))
            {
                await PutAsync(plain, key);
            }

            await PutAsync(isOfOther ? other : remote, key, prefix);
            if (isOfOther)
            {
                // Keys behind another remote's prefix are hidden.
                await PutAsync(remote, key + "-hidden");
            }
        }

        if (prefix.Length > 0)
        {
            foreach (var key in (string[])["a/1", "pre/fi", "pre/fix", "pre/fix-2", "zz"])
            {
                await PutAsync(remote, key);
            }
        }

        await overlay.SendAsync("PUT", "/bucket");
        foreach (var key in Deleted)
        {
            Assert.Equal(204, (await overlay.SendAsync("DELETE", Target(key))).Status);
        }

        foreach (var key in Keys.Where(static (_, i) => i % 3 == 0))
        {
            await PutAsync(overlay, key);
        }

        var differences = new List<string>();
        for (var round = 0; round < 2; round++)
        {
            foreach (var (method, target, headers) in Sweep.Of([.. Requests()], 80))
            {
                var expected = Shown(await plain.SendAsync(method, target, null, headers));
                var actual = Shown(await overlay.SendAsync(method, target, null, headers));
                if (expected != actual)
                {
                    differences.Add(
                        $"{round}: {method} {target} {string.Join("; ", headers.Select(static h => $"{h.Name}: {h.Value}"))}\n"
                        + $"   plain:   {expected}\n   overlay: {actual}");
                }
            }

            await overlay.WhenIdleAsync();
        }

        Assert.True(differences.Count == 0, $"{differences.Count}\n" + string.Join('\n', differences.Take(60)));
    }

    private static (string Name, string Value)[] SettingsOf(string kind, OverlayHost other) => kind switch
    {
        "prefix" => [("S3_OVERLAY_BUCKET_MAPPING", "bucket:bucket/pre/fix")],
        "divided" =>
        [
            ("S3_OVERLAY_REMOTES", "other"), ("S3_OVERLAY_REMOTE_OTHER_ENDPOINT", other.Endpoint.ToString()),
            ("S3_OVERLAY_REMOTE_OTHER_BACKS", string.Join(',', Others.Select(static folder => "bucket/" + folder))),
            ("S3_OVERLAY_REMOTE_OTHER_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_OTHER_SECRET_ACCESS_KEY", "minioadmin"),
        ],
        _ => [],
    };

    private static IEnumerable<(string Method, string Target, (string Name, string Value)[] Headers)> Requests()
    {
        var etag = $"\"{Convert.ToHexStringLower(MD5.HashData(BytesOf("large")))}\"";
        foreach (var method in (string[])["GET", "HEAD"])
        {
            foreach (var key in (string[])["large", "empty", "a", "parts", "absent", "a/0"])
            {
                foreach (var range in (string[])[
                    "", "bytes=0-0", "bytes=65535-65536", "bytes=65536-131071", "bytes=131072-", "bytes=-1", "bytes=-0", "bytes=-999999999",
                    "bytes=0-999999999", "bytes=299999-", "bytes=300000-",
                    "bytes=5-2", "bytes=abc", "bytes=0-1,3-4", "bytes=-", "octets=0-1", "bytes = 0-1", "bytes=0-1 ",
                    "bytes=99999999999999999999-", "bytes=0-99999999999999999999"])
                {
                    (string, string)[] header = range.Length == 0 ? [] : [("Range", range)];
                    yield return (method, Target(key), header);
                    if (range is "bytes=65535-65536" or "bytes=300000-" or "")
                    {
                        yield return (method, Target(key), [.. header, ("If-Range", etag)]);
                        yield return (method, Target(key), [.. header, ("If-Range", "\"other\"")]);
                        yield return (method, Target(key), [.. header, ("If-Range", "W/" + etag)]);
                        yield return (method, Target(key), [.. header, ("If-Range", "Mon, 01 Jan 2001 00:00:00 GMT")]);
                        yield return (method, Target(key), [.. header, ("If-Match", etag)]);
                        yield return (method, Target(key), [.. header, ("If-Match", "\"other\"")]);
                        yield return (method, Target(key), [.. header, ("If-Match", "*")]);
                        yield return (method, Target(key), [.. header, ("If-None-Match", "*")]);
                        yield return (method, Target(key), [.. header, ("If-None-Match", "\"x\", " + etag)]);
                        yield return (method, Target(key),
                            [.. header, ("If-None-Match", etag), ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT")]);
                        yield return (
                            method, Target(key), [.. header, ("If-Match", etag), ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT")]);
                        yield return (method, Target(key), [.. header, ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT")]);
                        yield return (method, Target(key), [.. header, ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT")]);
                        yield return (method, Target(key), [.. header, ("If-Modified-Since", "nonsense")]);
                    }
                }

                // Deleted keys are only checked for existence.
                foreach (var query in Deleted.Contains(key) ? [] : (string[])[
                    "partNumber=1", "partNumber=2", "partNumber=3", "partNumber=0", "partNumber=10001", "partNumber=x", "partNumber=",
                    "partNumber=1&versionId=null", "versionId=null", "versionId=nonsense", "versionId=",
                    "response-content-type=text%2Fodd", "response-cache-control=a%0Ab", "response-expires=nonsense",
                    "response-content-disposition=a%22b", "response-content-language=", "response-nonsense=1",
                    "x-id=GetObject", "nonsense", "nonsense=1", "uploadId=x", "acl", "tagging", "attributes", "torrent", "legal-hold",
                    "retention", "restore", "policy", "list-type=2"])
                {
                    yield return (method, Target(key) + "?" + query, []);
                }

                yield return (method, Target(key), [("x-amz-checksum-mode", "ENABLED")]);
                yield return (method, Target(key) + "?attributes",
                    [("x-amz-object-attributes", "ETag,ObjectSize,StorageClass,ObjectParts,Checksum")]);
                if (!Deleted.Contains(key))
                {
                    yield return (method, Target(key) + "?partNumber=1", [("Range", "bytes=0-1")]);
                    yield return (method, Target(key) + "?attributes", [("x-amz-object-attributes", "Nonsense")]);
                }
            }
        }

        foreach (var list in (string[])["list-type=2", "", "versions"])
        {
            var (after, start) = list switch { "" => ("marker", ""), "versions" => ("key-marker", ""),
                _ => ("start-after", "fetch-owner=true") };
            foreach (var delimiter in (string[])["", "/", "b", "//", "/1", "é", "%2F", "😀", "a/"])
            {
                foreach (var prefix in (string[])["", "a", "a/", "a/b", "b/", "b/gone", "b/gone/", "c", "c/", "d", "d/", "e", "é", "z",
                    "a%2Bb%20c", "a%252F", "absent/"])
                {
                    yield return ("GET", Query(list, $"delimiter={delimiter}", $"prefix={prefix}"), []);
                }

                foreach (var at in (string[])["a", "a/", "a/1", "a/b", "a/b/", "a/b/0", "a/zzz", "a0", "b/", "b/gone/1", "d/", "e/", "e/2/",
                    "%C3%A9", "zz/~", "~~", "a%2Bb%20c"])
                {
                    yield return ("GET", Query(list, $"delimiter={delimiter}", $"{after}={at}"), []);
                    yield return ("GET", Query(list, $"delimiter={delimiter}", "prefix=a", $"{after}={at}", "max-keys=2"), []);
                }

                foreach (var max in (string[])["0", "1", "2", "3", "999999", "-1", "abc", "", "99999999999"])
                {
                    yield return ("GET", Query(list, $"delimiter={delimiter}", $"max-keys={max}"), []);
                }

                foreach (var encoding in (string[])["url", "URL", "nonsense", ""])
                {
                    yield return ("GET", Query(list, $"delimiter={delimiter}", $"encoding-type={encoding}"), []);
                    yield return ("GET", Query(list, $"delimiter={delimiter}", $"encoding-type={encoding}", "prefix=z",
                        $"{after}=a%2Bb%20c", "max-keys=1"), []);
                    yield return ("GET", Query(list, $"delimiter={delimiter}", $"encoding-type={encoding}", "prefix=a", $"{after}=a%2520",
                        "max-keys=2", start), []);
                }
            }

            yield return ("GET", Query(list, "version-id-marker=null"), []);
            yield return ("GET", Query(list, "key-marker=a/1", "version-id-marker=null"), []);
            yield return ("GET", Query(list, "key-marker=a/1", "version-id-marker=nonsense"), []);
            yield return ("GET", Query(list, "continuation-token=nonsense"), []);
            yield return ("GET", Query(list, "continuation-token="), []);
            yield return ("GET", Query(list, "fetch-owner=true"), []);
            yield return ("GET", Query(list, "fetch-owner=nonsense"), []);
            yield return ("GET", Query(list, "list-type=1"), []);
            yield return ("HEAD", Query(list), []);
        }
    }

    private static string Query(params string[] parts) => "/bucket?" + string.Join('&', parts.Where(static part => part.Length > 0));

    private static string Target(string key) => "/bucket/" + string.Join('/', key.Split('/').Select(Uri.EscapeDataString));

    private static byte[] BytesOf(string key) => key switch
    {
        "empty" => [],
        "large" => [.. Enumerable.Range(0, Large).Select(static i => (byte)(i * 7))],
        _ => Encoding.UTF8.GetBytes("of " + key),
    };

    private static async Task PutAsync(OverlayHost host, string key, string prefix = "")
    {
        var target = Target(prefix + key);
        if (key != "parts")
        {
            var put = await host.Http.SendAsync("PUT", target, BytesOf(key), ("Content-Type", "text/odd"), ("Cache-Control", "max-age=5"),
                ("x-amz-meta-odd", "a b"));
            Assert.True(put.Status == 200, $"{key}: {put.Status} {put.Text}");
            return;
        }

        var upload = Regex.Match((await host.SendAsync("POST", target + "?uploads")).Text, "<UploadId>(.*?)</UploadId>").Groups[1].Value;
        var document = new StringBuilder("<CompleteMultipartUpload>");
        for (var number = 1; number <= 2; number++)
        {
            var part = new byte[number == 1 ? 5 << 20 : 1000];
            Array.Fill(part, (byte)number);
            var etag = (await host.Http.SendAsync("PUT", $"{target}?partNumber={number}&uploadId={upload}", part)).Headers["ETag"];
            document.Append($"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        }

        Assert.Equal(200,
            (await host.SendAsync("POST", $"{target}?uploadId={upload}", document.Append("</CompleteMultipartUpload>").ToString())).Status);
    }

    private static string Shown(RawResponse response)
    {
        if (response.Status >= 400)
        {
            // The remote chooses the rest of its error documents.
            return $"{response.Status} {response.Code}";
        }

        var headers = response.Headers
            .Where(static header => !header.Key.StartsWith("x-s3overlay", StringComparison.OrdinalIgnoreCase)
                && header.Key.ToLowerInvariant() is not ("x-cache" or "age" or "date" or "last-modified" or "x-amz-request-id"
                    or "x-amz-id-2" or "server" or "connection" or "keep-alive"))
            .OrderBy(static header => header.Key, StringComparer.OrdinalIgnoreCase)
            .Select(static header => $"{header.Key.ToLowerInvariant()}: {header.Value}");
        var isText = response.Headers.GetValueOrDefault("Content-Type")?.Contains("xml", StringComparison.Ordinal) == true;
        var body = isText ? Changing().Replace(response.Text, "<$1>") : response.Body.Length < 100 ? response.Text
            : Convert.ToHexString(MD5.HashData(response.Body));
        var shown = headers.Where(header => !isText || !header.StartsWith("content-length", StringComparison.Ordinal));
        return $"{response.Status} [{string.Join(", ", shown)}] {body}";
    }

    [GeneratedRegex("<(LastModified|RequestId|HostId|NextContinuationToken|ContinuationToken)>.*?</\\1>")]
    private static partial Regex Changing();
}
