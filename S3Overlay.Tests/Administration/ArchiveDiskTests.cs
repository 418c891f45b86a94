using System.Diagnostics;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Overlay.Changes;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Administration;

/// <summary>A disk that is full while changes are saved or brought back.</summary>
[Trait("Rule", "P3")]
[FullRun("a disk is filled write by write")]
public sealed class ArchiveDiskTests : IAsyncLifetime
{
    private static readonly string Large = new('x', 11 << 20);

    private readonly TemporaryFolder _folder = new();
    private readonly FullDisk _disk = new();
    private ScriptedRemote _remote = null!;
    private OverlayHost _proxy = null!;

    private string Archive => _folder["saved.tar"];

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        foreach (var key in (string[])["deleted", "large", "small"])
        {
            _remote.Put("photos", key, "remote"u8.ToArray());
        }

        _proxy = await OverlayHost.StartOnAsync(new() { Disk = _disk, LargestPut = 6 << 20 }, null, _remote.Endpoint);
        await _proxy.SendAsync("DELETE", "/photos/deleted");
        await _proxy.SendAsync("PUT", "/photos/small", "mine");
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_import_stops_with_one_line_and_each_key_is_whole_or_as_it_was()
    {
        await _proxy.SendAsync("PUT", "/photos/large", Large[..(6 << 20)]);
        await RunAsync("revert", "photos", "--yes", "--save", Archive);
        string[] saved = ["D deleted", "M large", "M small"];
        var room = 0;
        for (var isDone = false; !isDone; room++)
        {
            _disk.Room = room;
            var (code, _, errors) = await RunAsync("import", Archive, "--yes");
            _disk.IsOut = false;
            var changes = (await ChangesAsync()).Select(static line => line.Replace("!", "", StringComparison.Ordinal)).ToArray();
            isDone = code == 0;
            if (isDone)
            {
                Assert.Equal(saved, changes);
                break;
            }

            Assert.Equal(1, code);
            Assert.Matches("^[^\n]*saved.tar: [^\n]+ does not fit: [^\n]+\n$", errors);
            Assert.Subset(saved.ToHashSet(), changes.ToHashSet());
            foreach (var (key, text) in ((string, string)[])[("large", Large[..(6 << 20)]), ("small", "mine")])
            {
                Assert.True((await _proxy.SendAsync("GET", "/photos/" + key)).Text == (changes.Contains("M " + key) ? text : "remote"));
            }

            await RunAsync("revert", "photos", "--yes");
            room += room / 4;
        }

        Assert.True(room > 3);
        Assert.True((await _proxy.SendAsync("GET", "/photos/large")).Text == Large[..(6 << 20)]);
    }

    [Fact]
    public async Task An_import_in_parts_that_does_not_fit_leaves_the_key_as_it_was()
    {
        await _proxy.SendAsync("PUT", "/photos/large", Large);
        Assert.Equal(0, (await RunAsync("revert", "photos/large", "--save", Archive)).Code);
        for (var room = 0; ; room = (room * 2) + 1)
        {
            _disk.Room = room;
            var (code, _, errors) = await RunAsync("import", Archive);
            _disk.IsOut = false;
            var seen = (await _proxy.SendAsync("GET", "/photos/large")).Text;
            if (code == 0)
            {
                Assert.True(seen == Large);
                Assert.True(room > 3);

                // On a disk without any room an upload cannot be aborted. A revert of its key does that.
                Assert.Equal(0, (await RunAsync("revert", "photos/large")).Code);
                Assert.DoesNotContain("<Upload>", (await _proxy.SendAsync("GET", "/photos?uploads")).Text, StringComparison.Ordinal);
                return;
            }

            Assert.True(room < 1_000_000, errors);
            Assert.Equal("remote", seen);
            Assert.Single(errors.TrimEnd('\n').Split('\n'));
        }
    }

    [Fact]
    public async Task A_file_that_does_not_fit_leaves_none_and_nothing_is_reverted()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await _proxy.SendAsync("PUT", "/photos/large", Large);
        var before = await ChangesAsync();

        // 1 MiB at most in each file. A signal would end the process: ignored, the write fails as on a full disk.
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"", "dotnet",
            typeof(Proxy.Protocol.S3Request).Assembly.Location, "revert", "photos", "--yes", "--save", Archive, "--endpoint",
            _proxy.Endpoint.ToString()])
        {
            start.ArgumentList.Add(argument);
        }

        // Without it the runtime makes a file for its own code.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Patience.Limit);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal("", await output);
        Assert.Single((await errors).TrimEnd('\n').Split('\n'));
        Assert.Equal(1, process.ExitCode);
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.GetDirectoryName(Archive)!), static file => file.Contains("saved.tar"));
        Assert.Equal(before, await ChangesAsync());
        Assert.True((await _proxy.SendAsync("GET", "/photos/large")).Text == Large);
    }

    private async Task<string[]> ChangesAsync() =>
        [.. (await ChangeLines.ReadAsync(await _proxy.SendAsync("GET", "/-/v1/changes?bucket=photos"))).Select(ChangeLines.Show)];

    private async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync([.. line, "--endpoint", _proxy.Endpoint.ToString()], output, errors);

        // What takes over two seconds shows its progress.
        var lines = errors.ToString().Split('\n').Where(static line => !line.StartsWith("  ", StringComparison.Ordinal));
        return (code, output.ToString(), string.Join('\n', lines));
    }
}
