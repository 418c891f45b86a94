using System.Diagnostics;
using System.Text;

using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Pages.Browse;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>Names, links, commands and previews, as texts.</summary>
public sealed class BrowseTextTests
{
    private static readonly Uri Endpoint = new("http://127.0.0.1:8000/");

    [Theory]
    [InlineData("plain \u05e9\u05dc\u05d5\u05dd", "plain \u05e9\u05dc\u05d5\u05dd")]
    [InlineData("a\nb\r\tc", "a\\nb\\r\\tc")]
    [InlineData("\u202egpj.exe\u200b", "U+202Egpj.exeU+200B")]
    [InlineData("\ud83d\udc69\u200d\ud83d\ude80", "\ud83d\udc69\u200d\ud83d\ude80")]
    public void What_cannot_be_seen_is_shown(string text, string expected) => Assert.Equal(expected, VisibleText.Of(text));

    [Theory]
    [MemberData(nameof(BrowseTestBase.OddKeys), MemberType = typeof(BrowseTestBase))]
    public void A_shell_takes_any_name_as_it_is(string key)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "printf '%s|' " + ShellWords.Join("x", key, "y")])
            { RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 })!;

        Assert.Equal($"x|{key}|y|", shell.StandardOutput.ReadToEnd());
    }

    [Theory]
    [InlineData("a/b.txt", "aws --endpoint-url http://127.0.0.1:8000 s3 cp s3://photos/a/b.txt ./b.txt", false)]
    [InlineData("it's", "aws --endpoint-url http://127.0.0.1:8000 s3 cp 's3://photos/it'\\''s' './it'\\''s'", false)]
    [InlineData("a/", "aws --endpoint-url http://127.0.0.1:8000 s3api get-object --bucket photos '--key=a/' ./a", false)]
    [InlineData("../up", "aws --endpoint-url http://127.0.0.1:8000 s3 cp s3://photos/../up ./up", true)]
    [InlineData("a/./b", "aws --endpoint-url http://127.0.0.1:8000 s3 cp s3://photos/a/./b ./b", true)]
    [InlineData("%2e%2e/x", "aws --endpoint-url http://127.0.0.1:8000 s3 cp 's3://photos/%2e%2e/x' ./x", false)]
    [InlineData("...", "aws --endpoint-url http://127.0.0.1:8000 s3 cp s3://photos/... ./...", false)]
    public void Commands_name_the_object(string key, string aws, bool isCollapsed)
    {
        var commands = new ClientCommands(Endpoint, "photos", key);

        Assert.Equal((aws, isCollapsed), (commands.Aws, commands.IsCollapsed));

        // .NET takes dots away as browsers do.
        Assert.Equal(isCollapsed, new Uri(Endpoint, commands.Path).AbsolutePath != commands.Path);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8000/", "http://localhost:8001/", "http://127.0.0.1:8000/")]
    [InlineData("http://127.0.0.1:8000/", "https://files.example:8001/", "http://files.example:8000/")]
    [InlineData("http://10.0.0.1:8000/", "https://files.example:8001/", "http://10.0.0.1:8000/")]
    public void A_link_names_the_port_as_its_user_reaches_it(string endpoint, string page, string expected) =>
        Assert.Equal(expected, ClientCommands.EndpointFor(new(endpoint), new(page)).ToString());

    [Theory]
    [MemberData(nameof(BrowseTestBase.OddKeys), MemberType = typeof(BrowseTestBase))]
    public void A_link_leads_back_to_its_place(string key)
    {
        foreach (var place in (BrowsePlace[])[new("photos", "", key), new("photos", key), BrowsePlace.Of("photos", null, key, null),
            new("photos", "a/b", "a/bc", "a/ba")])
        {
            var query = System.Web.HttpUtility.ParseQueryString(new Uri("http://x/" + place.Url).Query);
            Assert.Equal(place, BrowsePlace.Of(query["bucket"], query["prefix"], query["key"], query["after"]));
        }
    }

    [Theory]
    [InlineData("", "", "", null)]
    [InlineData("a", "", "a", "")]
    [InlineData("a/", "a/", "", "")]
    [InlineData("a/b/c", "a/b/", "c", "a/b/")]
    [InlineData("a//", "a//", "", "a/")]
    public void A_prefix_is_a_folder_and_a_filter(string prefix, string folder, string filter, string? parent)
    {
        var place = new BrowsePlace("photos", prefix);

        Assert.Equal((folder, filter), (place.Folder, place.Filter));
        Assert.Equal(parent is null ? BrowsePlace.Start : new BrowsePlace("photos", parent), place.Parent);
        Assert.Equal(folder, string.Concat(place.Folders.Select(static each => each.Name + "/")));
    }

    [Theory]
    [InlineData("{\"a\":[1,12345678901234567890.10]}", "application/json", "a", 
        "{\n  \"a\": [\n    1,\n    12345678901234567890.10\n  ]\n}")]
    [InlineData("{\"a\":", "application/json", "a", "{\"a\":")]
    [InlineData("{} // why", "application/json", "a", "{} // why")]
    [InlineData("{\"a\":1}\n{\"a\":2}\n", "application/json", "a", "{\"a\":1}\n{\"a\":2}\n")]
    [InlineData("<html><script>alert(1)</script>", "text/html", "a.html", "<html><script>alert(1)</script>")]
    [InlineData("<svg onload='alert(1)'/>", "image/svg+xml", "a.svg", "<svg onload='alert(1)'/>")]
    [InlineData("{\"a\":1}", "text/plain", "a.json", "{\n  \"a\": 1\n}")]
    public void A_text_is_shown_as_text(string content, string type, string key, string expected)
    {
        var preview = PreviewText.Of(Encoding.UTF8.GetBytes(content), type, key);

        Assert.Equal((false, expected), (preview.IsImage, preview.Text!.ReplaceLineEndings("\n")));
    }

    [Fact]
    public void Bytes_that_are_no_text_are_not_shown_and_images_are()
    {
        Assert.Null(PreviewText.Of([1, 2, 0, 3], "text/plain", "a").Text);
        Assert.Null(PreviewText.Of([0xC3, 0x28], "text/plain", "a").Text);
        Assert.Equal("h\u00e9", PreviewText.Of([0xFF, 0xFE, (byte)'h', 0, 0xE9, 0], "text/plain", "a").Text);
        Assert.True(PreviewText.Of("GIF89a"u8.ToArray(), "text/plain", "a").IsImage);
    }

    [Fact]
    public void JSON_that_would_explode_is_shown_as_it_is()
    {
        var deep = new string('[', 60) + string.Join(',', Enumerable.Repeat("1", 200_000)) + new string(']', 60);

        Assert.Equal(deep, PreviewText.Of(Encoding.UTF8.GetBytes(deep), "application/json", "a").Text);
    }

    [Theory]
    [InlineData("a,b\n1,2\n", "a|b/1|2")]
    [InlineData("a;b\r\n1;\"x;\"\"y\"\"\nz\"", "a|b/1|x;\"y\"\nz")]
    [InlineData("a\tb,c\td\n,\t", "a|b,c|d/,|")]
    [InlineData("a,\n", "a|")]
    public void A_table_has_its_rows(string text, string expected) => Assert.Equal(
        expected, string.Join('/', CsvTable.Read(text).Rows.Select(static row => string.Join('|', row))));

    [Fact]
    public void A_large_table_is_cut()
    {
        var text = string.Concat(Enumerable.Repeat(string.Join(',', Enumerable.Repeat("x", 100)) + "\n", 1000));

        var (rows, note) = CsvTable.Read(text);

        Assert.Equal((CsvTable.MostRows, CsvTable.MostColumns), (rows.Count, rows[0].Count));
        Assert.Equal("The first 200 rows and 50 columns are shown.", note);
        Assert.Equal("The first 50 columns are shown.", CsvTable.Read(text[..(text.IndexOf('\n') + 1)]).Note);
        Assert.Null(CsvTable.Read(string.Concat(Enumerable.Repeat("x\n", CsvTable.MostRows))).Note);
    }
}
