using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Overlay.Changes;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Changes that are saved before they are reverted, and brought back.</summary>
public abstract class ArchiveTestBase(bool isOnStore) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ScriptedRemote _remote = null!;
    private StoreServer? _store;
    private OverlayHost _proxy = null!;

    private string Archive => _folder["saved.tar"];

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        foreach (var key in (string[])["a", "b", "c", "../d"])
        {
            _remote.Put("photos", key, "remote"u8.ToArray());
        }

        _store = isOnStore ? await StoreServer.StartAsync() : null;
        _proxy = await OverlayHost.StartOnAsync(
            new() { LargestPut = 6 << 20 }, _store?.Endpoint, _remote.Endpoint, ("S3_OVERLAY_CACHE_ENABLED", "true"));
        await _proxy.SendAsync(
            "PUT", "/photos/a", "mine", ("Content-Type", "text/x"), ("x-amz-meta-who", "m\u00e9"), ("x-amz-tagging", "k=v"));
        await _proxy.SendAsync("PUT", "/photos/..%2Fd", "path");
        await _proxy.SendAsync("DELETE", "/photos/b");
        await _proxy.SendAsync("PUT", "/photos/new", "");
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await (_store?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Trait("Rule", "P3")]
    public async Task What_is_reverted_can_be_brought_back()
    {
        var (code, output, errors) = await RunAsync("revert", "photos", "--added", "--yes", "--save", Archive);
        Assert.Equal(0, code);
        Assert.Contains("Reverted 4 keys.", output, StringComparison.Ordinal);
        Assert.Contains("Saved 4 keys", errors, StringComparison.Ordinal);
        Assert.Equal(["remote", "remote", "remote", "-"], await SeenAsync());
        Assert.All(Entries(), static name => Assert.Matches("^([0-9]+\\.(data|json)|(format|end)\\.json)$", name));

        Assert.Equal(2, (await RunAsync("import", Archive)).Code);
        Assert.Contains("Would import 4 keys.", (await RunAsync("import", Archive, "-n")).Output, StringComparison.Ordinal);
        Assert.Equal(["remote", "remote", "remote", "-"], await SeenAsync());
        (code, output, _) = await RunAsync("import", Archive, "--yes");
        Assert.Equal((0, "Imported 4 keys.\n"), (code, output));
        Assert.Equal(["mine", "-", "path", ""], await SeenAsync());
        var a = await _proxy.SendAsync("GET", "/photos/a");
        Assert.Equal(("text/x", "m\u00e9", "1"),
            (a.Headers["Content-Type"], a.Headers["x-amz-meta-who"], a.Headers["x-amz-tagging-count"]));

        Assert.Contains("4 keys were there already.", (await RunAsync("import", Archive, "--yes")).Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "P3")]
    public async Task What_changed_since_stays_unless_forced()
    {
        await RunAsync("revert", "photos", "--added", "--yes", "--save", Archive);
        await _proxy.SendAsync("PUT", "/photos/a", "later");

        var (code, output, _) = await RunAsync("import", Archive, "--yes");
        Assert.Equal((0, "Imported 3 keys.\nSkipped 1 key changed here since. To replace them: --force\n"), (code, output));
        Assert.Equal("later", (await SeenAsync())[0]);
        await RunAsync("import", Archive, "--force", "-y");
        Assert.Equal("mine", (await SeenAsync())[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Rule", "P1")]
    public async Task An_imported_change_hides_what_it_hid_before(bool mustForce)
    {
        await OverAsync("PUT", "known", "mine");
        await OverAsync("PUT", "changed", "mine");
        await OverAsync("DELETE", "gone");
        await OverAsync("PUT", "back", "mine");
        _remote.Remove("photos", "back");
        Assert.Equal(404, (await _proxy.SendAsync("GET", "/photos/both")).Status);
        await _proxy.SendAsync("PUT", "/photos/both", "mine");
        await _proxy.SendAsync("PUT", "/photos/unseen", "mine");
        foreach (var key in (string[])["changed", "gone", "both", "unseen"])
        {
            _remote.Put("photos", key, "newer at the remote"u8.ToArray());
        }

        string[] before = ["A! both", "A! back", "D! gone", "M known", "M! changed", "M! unseen"];
        Assert.Equal(before.Order(), await ChangesAsync());
        Assert.Equal(0, (await RunAsync("revert", "photos", "--added", "--yes", "--save", Archive)).Code);
        Assert.Empty(await ChangesAsync());

        // The proxy shows what the remote has now: later changes hide that, and the saved ones do not.
        foreach (var key in (string[])["changed", "gone", "both", "unseen", "known"])
        {
            Assert.Equal(200, (await _proxy.SendAsync("GET", "/photos/" + key)).Status);
        }

        if (mustForce)
        {
            await _proxy.SendAsync("PUT", "/photos/gone", "later");
            await _proxy.SendAsync("DELETE", "/photos/changed");
            await _proxy.SendAsync("DELETE", "/photos/both");
            await _proxy.SendAsync("PUT", "/photos/both", "later");
            await _proxy.SendAsync("PUT", "/photos/unseen", "later");
        }

        Assert.Equal(0, (await RunAsync(["import", Archive, "--yes", .. mustForce ? ["--force"] : Array.Empty<string>()])).Code);
        Assert.Equal(before.Order(), await ChangesAsync());

        // A later change of the key keeps it.
        foreach (var key in (string[])["changed", "gone", "both", "unseen", "known"])
        {
            await _proxy.SendAsync("PUT", "/photos/" + key, "again");
        }

        Assert.Equal(["A! back", "A! both", "M known", "M! changed", "M! gone", "M! unseen"], await ChangesAsync());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("CRC32", "COMPOSITE")]
    [InlineData("CRC32C", "FULL_OBJECT")]
    [InlineData("SHA256", "COMPOSITE")]
    public async Task An_object_in_parts_keeps_them_with_its_ETag_checksums_and_storage_class(string algorithm, string type)
    {
        (string, string)[] summed = algorithm.Length == 0 ? [] : [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", type)];
        await PutPartsAsync("c", algorithm, [5 << 20, (5 << 20) + 1, 3],
            [("x-amz-storage-class", "STANDARD_IA"), ("x-amz-meta-a", ""), ("x-amz-tagging", "k=v"), .. summed]);
        var before = await ShownAsync("c", 3);
        Assert.Contains("-3\"", before, StringComparison.Ordinal);
        Assert.Contains("x-amz-storage-class=STANDARD_IA", before, StringComparison.Ordinal);
        Assert.Contains(algorithm.Length == 0 ? "" : type, before, StringComparison.Ordinal);

        await RunAsync("revert", "photos/c", "--save", Archive);
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/photos/c")).Text);
        Assert.Equal((0, "Imported 1 key.\n"), Result(await RunAsync("import", Archive)));
        Assert.Equal(before, await ShownAsync("c", 3));
        Assert.DoesNotContain("<Upload>", (await _proxy.SendAsync("GET", "/photos?uploads")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x-amz-checksum-sha256")]
    [InlineData("")]
    public async Task A_single_PUT_keeps_its_checksum_and_storage_class(string header)
    {
        (string, string)[] summed = header.Length == 0 ? [] : [(header, Convert.ToBase64String(SHA256.HashData("text"u8)))];
        await _proxy.SendAsync("PUT", "/photos/c", "text", [("x-amz-storage-class", "STANDARD_IA"), .. summed]);
        var before = await ShownAsync("c", 1);
        Assert.Contains(header, before, StringComparison.Ordinal);
        await RunAsync("revert", "photos/c", "--save", Archive);
        Assert.Equal(0, (await RunAsync("import", Archive)).Code);
        Assert.Equal(before, await ShownAsync("c", 1));
    }

    [Fact]
    public async Task An_object_too_large_for_one_PUT_is_written_in_parts()
    {
        var text = string.Concat(Enumerable.Range(0, 1 << 20).Select(static i => $"{i:x11}\n"));
        await _proxy.SendAsync("PUT", "/photos/c", text, ("x-amz-meta-a", "b"));
        await RunAsync("revert", "photos/c", "--save", Archive);
        Assert.Equal((0, "Imported 1 key.\n"), Result(await RunAsync("import", Archive)));
        var now = await _proxy.SendAsync("GET", "/photos/c");
        Assert.True(now.Text == text);
        Assert.Equal("b", now.Headers["x-amz-meta-a"]);
        Assert.EndsWith("-2\"", now.Headers["ETag"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_that_was_copied_up_is_the_same_as_the_remotes_again()
    {
        _remote.Put("photos", "c", "remote"u8.ToArray(), ("ETag", $"\"{new string('a', 32)}-2\""));
        await _proxy.SendAsync("GET", "/photos/c");
        await _proxy.SendAsync("PUT", "/photos/c?tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>");
        var before = (await _proxy.SendAsync("HEAD", "/photos/c")).Headers["ETag"];
        Assert.Equal(!isOnStore, before.EndsWith("-2\"", StringComparison.Ordinal));
        await RunAsync("revert", "photos/c", "--save", Archive);
        Assert.Equal(0, (await RunAsync("import", Archive)).Code);
        var now = await _proxy.SendAsync("HEAD", "/photos/c");
        Assert.Equal((before, "1", "local"), (now.Headers["ETag"], now.Headers["x-amz-tagging-count"], now.Headers["x-s3overlay-layer"]));
    }

    [Fact]
    public async Task Without_added_the_keys_that_only_exist_here_are_neither_saved_nor_removed()
    {
        await RunAsync("revert", "photos", "--yes", "--save", Archive);
        Assert.Equal(["remote", "remote", "remote", ""], await SeenAsync());
        Assert.Equal(7, Entries().Count);
    }

    [Fact]
    public async Task A_deleted_bucket_stays_as_it_is_while_all_others_are_saved_and_reverted()
    {
        _remote.Put("gone", "k", "remote"u8.ToArray());
        await _proxy.SendAsync("DELETE", "/gone/k");
        Assert.Equal(204, (await _proxy.SendAsync("DELETE", "/gone")).Status);
        Assert.Equal(200, (await _proxy.SendAsync("PUT", "/gone")).Status);
        await _proxy.SendAsync("PUT", "/gone/k", "mine");
        var (code, output, errors) = await RunAsync("revert", "--all", "--added", "--yes", "--save", Archive);
        Assert.True(code == 0, errors);
        Assert.Contains("Reverted 4 keys.", output, StringComparison.Ordinal);
        Assert.Equal("mine", (await _proxy.SendAsync("GET", "/gone/k")).Text);
        Assert.Equal(["remote", "remote", "remote", "-"], await SeenAsync());
    }

    [Fact]
    public async Task What_a_killed_command_left_does_not_block_the_next()
    {
        await File.WriteAllTextAsync(Archive + ".partial", "half");
        Assert.Equal(0, (await RunAsync("revert", "photos", "--added", "--yes", "--save", Archive)).Code);
        Assert.Equal([Archive, Archive + ".partial"], Directory.EnumerateFiles(Path.GetDirectoryName(Archive)!, "saved.tar*").Order());
    }

    [Fact]
    public async Task An_archive_from_a_pipe_is_one_clear_line()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var pipe = _folder["pipe"];
        using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync();
        }

        // Opening a pipe waits for its other end.
        await using var writer = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite);
        Assert.Equal((1, $"{pipe}: this is not a file. It is read twice, the first time to check it. Save it to a file first.\n"),
            await RunAsync("import", pipe) is var (code, _, errors) ? (code, errors) : default);
    }

    [Fact]
    public async Task Metadata_in_any_bytes_is_saved_and_only_its_owner_can_read_the_file()
    {
        await _proxy.SendAsync("PUT", "/photos/c", "umlaut", ("x-amz-meta-name", "\u00c3\u0084"));
        Assert.Equal(0, (await RunAsync("revert", "photos/c", "--save", Archive)).Code);
        Assert.Equal("remote", (await _proxy.SendAsync("GET", "/photos/c")).Text);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Archive));
        }

        Assert.Equal((0, "Imported 1 key.\n"), Result(await RunAsync("import", Archive, "--yes")));
        Assert.Equal("\u00c3\u0084", (await _proxy.SendAsync("GET", "/photos/c")).Headers["x-amz-meta-name"]);
    }

    [Fact]
    public async Task An_existing_file_is_not_replaced_and_nothing_is_reverted()
    {
        await File.WriteAllTextAsync(Archive, "precious");
        var (code, _, errors) = await RunAsync("revert", "photos", "--yes", "--save", Archive);
        Assert.Equal(1, code);
        Assert.Contains("exists. Name another file.", errors, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(Archive));
        Assert.Equal(["mine", "-", "path", ""], await SeenAsync());
        Assert.Equal(2, (await RunAsync("revert", "photos", "--yes", "--versions", "--save", Archive)).Code);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("flip")]
    [InlineData("path")]
    [InlineData("header")]
    [InlineData("count")]
    [InlineData("text")]
    [InlineData("own")]
    [InlineData("base")]
    [InlineData("version")]
    public async Task A_damaged_or_malicious_archive_changes_nothing(string how)
    {
        await RunAsync("revert", "photos", "--added", "--yes", "--save", Archive);
        var bytes = await File.ReadAllBytesAsync(Archive);
        switch (how)
        {
            case "cut":
                await File.WriteAllBytesAsync(Archive, bytes[..(bytes.Length * 2 / 3)]);
                break;
            case "flip":
                bytes[bytes.AsSpan().IndexOf("path\0\0"u8)] ^= 1;
                await File.WriteAllBytesAsync(Archive, bytes);
                break;
            case "text":
                await File.WriteAllTextAsync(Archive, new string('x', 2000));
                break;
            default:
                await WriteAsync(how switch
                {
                    "path" => [Format, ("../../etc/passwd", "x"), ("end.json", "{\"count\":0}")],
                    "header" => [Format, ("1.data", ""), ("1.json", Manifest("x-amz-acl", "{\"absent\":true}")), End],
                    "own" => [Format, ("1.data", ""), ("1.json", Manifest("x-amz-meta-s3overlay-base", "{\"absent\":true}")), End],
                    "base" => [Format, ("1.data", ""), ("1.json", Manifest("x-amz-meta-a", "{\"absent\":false}")), End],
                    "version" => [("format.json", "{\"version\":1}"), ("end.json", "{\"count\":0}")],
                    _ => [Format, End],
                });
                break;
        }

        var (code, _, errors) = await RunAsync("import", Archive, "--yes");
        Assert.Equal(1, code);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
        Assert.StartsWith(Archive, errors, StringComparison.Ordinal);

        Assert.Equal(["remote", "remote", "remote", "-"], await SeenAsync());
    }

    [Fact]
    public async Task A_file_that_is_missing_is_one_clear_line()
    {
        var (code, output, errors) = await RunAsync("import", _folder["none.tar"]);
        Assert.Equal(1, code);
        Assert.Equal("Imported 0 keys.\n", output);
        Assert.Contains("none.tar", errors, StringComparison.Ordinal);
    }

    private static (string, string) Format => ("format.json", "{\"version\":2}");

    private static (string, string) End => ("end.json", "{\"count\":1}");

    private static string Manifest(string header, string hides) => $$$"""
        {"bucket":"photos","key":"a","deleted":false,"stamp":"1","sha256":"{{{Convert.ToHexStringLower(SHA256.HashData([]))}}}",
         "headers":{"{{{header}}}":"public-read"},"base":{{{hides}}}}
        """;

    private static (int Code, string Output) Result((int Code, string Output, string Errors) run) => (run.Code, run.Output);

    private List<string> Entries()
    {
        using var tar = new TarReader(File.OpenRead(Archive));
        var names = new List<string>();
        while (tar.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    private async Task WriteAsync((string Name, string Text)[] entries)
    {
        await using var tar = new TarWriter(File.Create(Archive), TarEntryFormat.Pax);
        foreach (var (name, text) in entries)
        {
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }
    }

    /// <summary>What clients see of the four keys; a dash for nothing.</summary>
    private async Task<string[]> SeenAsync()
    {
        var seen = new List<string>();
        foreach (var key in (string[])["a", "b", "..%2Fd", "new"])
        {
            var response = await _proxy.SendAsync("GET", "/photos/" + key);
            seen.Add(response.Status == 200 ? response.Text : "-");
        }

        return [.. seen];
    }

    /// <summary>Changes a key whose remote object the proxy has shown.</summary>
    private async Task OverAsync(string method, string key, string? body = null)
    {
        _remote.Put("photos", key, "remote"u8.ToArray());
        await _proxy.SendAsync("GET", "/photos/" + key);
        await _proxy.SendAsync(method, "/photos/" + key, body);
    }

    private async Task PutPartsAsync(string key, string algorithm, int[] sizes, (string, string)[] headers)
    {
        var begun = await _proxy.SendAsync("POST", $"/photos/{key}?uploads", null, headers);
        var id = Regex.Match(begun.Text, "<UploadId>([^<]*)").Groups[1].Value;
        var list = new StringBuilder("<CompleteMultipartUpload>");
        for (var i = 0; i < sizes.Length; i++)
        {
            // Numbers with gaps.
            var (number, body) = ((2 * i) + 1, new string((char)('a' + i), sizes[i]));
            (string, string)[] summed = algorithm.Length == 0 ? [] : [ChecksumOf(algorithm, body)];
            var part = await _proxy.SendAsync("PUT", $"/photos/{key}?partNumber={number}&uploadId={id}", body, summed);
            Assert.True(part.Status == 200, part.Text);
            list.Append(CultureInfo.InvariantCulture, $"<Part><PartNumber>{number}</PartNumber><ETag>{part.Headers["ETag"]}</ETag>");
            list.Append(summed.Length == 0 ? "" : $"<Checksum{algorithm}>{summed[0].Item2}</Checksum{algorithm}>").Append("</Part>");
        }

        var done = await _proxy.SendAsync("POST", $"/photos/{key}?uploadId={id}", list.Append("</CompleteMultipartUpload>").ToString());
        Assert.True(done.Status == 200, done.Text);
    }

    private static (string, string) ChecksumOf(string algorithm, string body)
    {
        using var hasher = ChecksumHasher.Create(ChecksumNames.Parse(algorithm));
        hasher.Append(Encoding.ASCII.GetBytes(body));
        var sum = hasher.Finish();
        return (ChecksumNames.Header(sum.Algorithm), sum.Value);
    }

    /// <summary>What clients see of an object and of the sizes of its parts, without dates.</summary>
    private async Task<string> ShownAsync(string key, int parts)
    {
        var head = await _proxy.SendAsync("HEAD", "/photos/" + key, null, ("x-amz-checksum-mode", "ENABLED"));
        var shown = head.Headers.Where(static header => header.Key is "ETag" or "Content-Length" or "Content-Type"
            || (header.Key.StartsWith("x-amz-", StringComparison.Ordinal) && header.Key is not ("x-amz-request-id" or "x-amz-id-2")));
        var lines = shown.Select(static header => $"{header.Key}={header.Value}").Order(StringComparer.Ordinal).ToList();
        for (int number = 1, found = 0; found < parts && number < 10; number++)
        {
            var part = await _proxy.SendAsync("HEAD", $"/photos/{key}?partNumber={number}");
            if (part.Status is 200 or 206)
            {
                found++;
                lines.Add($"{found}: {part.Headers["Content-Length"]}");
            }
        }

        return string.Join('\n', lines);
    }

    /// <summary>The changes of the keys that a test made itself, in the order of their texts.</summary>
    private async Task<string[]> ChangesAsync() =>
        [.. (await ChangeLines.ReadAsync(await _proxy.SendAsync("GET", "/-/v1/changes?bucket=photos"))).Select(ChangeLines.Show)
            .Where(static line => line.Split(' ')[1] is not ("a" or "b" or "c" or "new" or "../d")).Order()];

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync([.. line, "--endpoint", _proxy.Endpoint.ToString()], output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
