using System.Net;
using System.Text.RegularExpressions;

using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway.Documents;
using S3Overlay.WebConsole.Pages.Changes;
using S3Overlay.WebConsole.Pages.Objects;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Object and Changes without a browser: who sees what, keys that carry script, and what the pages compute.</summary>
public sealed partial class ChangePagesTests : ConsoleTestBase
{
    private const string Script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

    [Fact]
    public async Task A_key_without_admin_has_the_object_and_nothing_of_its_layers()
    {
        var client = await SignedInAsync("reader", "reader-secret");

        // Long random words, such as tokens against forged requests, may have any short one in them.
        var page = LongWord().Replace(await client.PageAsync("/object?bucket=photos&key=a"), "");

        foreach (var hidden in (string[])["What clients see", "Your change", "Evict", "Revert", "Warm", "Changes"])
        {
            Assert.DoesNotContain(hidden, page, StringComparison.OrdinalIgnoreCase);
        }

        using var changes = await client.GetAsync("/changes?bucket=photos");
        Assert.Equal(HttpStatusCode.Forbidden, changes.StatusCode);
    }

    [Theory]
    [InlineData("/object?bucket=photos&key=a")]
    [InlineData("/changes?bucket=photos&prefix=2024/")]
    public async Task Without_a_session_there_is_only_the_way_to_sign_in(string target)
    {
        using var response = await NewClient().GetAsync(target);

        Assert.Equal($"/sign-in?to={Uri.EscapeDataString(target)}", response.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("/object?bucket=photos&key=")]
    [InlineData("/object?bucket=x&key=dir/")]
    [InlineData("/changes?bucket=photos&prefix=")]
    [InlineData("/changes?bucket=")]
    public async Task Names_that_carry_script_are_text(string target)
    {
        var page = await (await SignedInAsync()).PageAsync(target + Uri.EscapeDataString(Script));

        Assert.DoesNotContain("<script>alert", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("photos/2024/", "photos/2024/")]
    [InlineData("photos/it's $(here)", "'photos/it'\\''s $(here)'")]
    [InlineData("new\nline", null)]
    [InlineData("photos/\u202Egpj.exe", null)]
    [InlineData("photos/\u05e9\u05dc\u05d5\u05dd", "'photos/\u05e9\u05dc\u05d5\u05dd'")]
    public void Commands_carry_a_name_as_it_is_or_not_at_all(string name, string? expected) =>
        Assert.Equal(expected, KeyLinks.Argument(name));

    [Theory]
    [InlineData(30, 10, "0-9", "", "C..")]
    [InlineData(30, 10, "0-4", "5-9", "+..")]
    [InlineData(30, 10, "0-4 20-29", "", "p.C")]
    [InlineData(25, 10, "20-24", "0-19", "++C")]
    [InlineData(3, null, "0-1", "2-2", "CC+")]
    [InlineData(0, 10, "", "", "")]
    [InlineData(50, 10, "0-9 20-29", "40-49", "C.C?+", 25)]
    public void The_map_shows_what_is_cached_on_its_way_and_missing(
        long size, int? chunk, string cached, string coming, string expected, long bytes = -1)
    {
        var map = ChunkMap.Of(
            size, chunk, Ranges(cached), Ranges(coming), bytes >= 0 ? bytes : Ranges(cached).Sum(static range => range[1] - range[0] + 1));

        Assert.Equal(expected, string.Concat(map.Cells.Select(static cell => cell.State switch
        {
            ChunkState.Cached => 'C', ChunkState.Coming => '+', ChunkState.Part => 'p', ChunkState.Unknown => '?', _ => '.',
        })));
    }

    [Fact]
    public void A_map_of_very_many_chunks_has_several_in_a_cell()
    {
        const long Chunk = 8 << 20;
        var map = ChunkMap.Of(600_000 * Chunk, Chunk, [[0, (300_000 * Chunk) - 1]], [], 300_000 * Chunk);

        Assert.Equal(ChunkMap.Most, map.Cells.Count);
        Assert.Equal(ChunkMap.Most / 2, map.Cells.Count(static cell => cell.State == ChunkState.Cached));
        Assert.Equal(2_500, map.ChunksPerCell);
    }

    [Fact]
    public void Changes_are_rows_of_one_level_and_all_are_counted()
    {
        var tree = new ChangeTree("b", "p/", isFlat: false);
        foreach (var key in (string[])["p/a/1", "p/a/2", "p/b", "p/c/d/e"])
        {
            tree.Add(Change(key));
        }

        Assert.Equal(["p/a/ 2", "p/b 1", "p/c/ 1"], tree.Rows.Select(static row => $"{row.Name} {row.Count.All}"));
        Assert.Equal((4, 20), (tree.Total.All, tree.Total.Bytes));
    }

    [Fact]
    public void Rows_are_bounded_and_counts_are_not()
    {
        var (level, flat) = (new ChangeTree(null, "", isFlat: false), new ChangeTree("b", "", isFlat: true));
        for (var at = 0; at < ChangeTree.Most + 5; at++)
        {
            level.Add(Change($"{at}"));
            flat.Add(Change($"{at}"));
        }

        Assert.Equal((1, ChangeTree.Most + 5, false), (level.Rows.Count, level.Total.All, level.HasMore));
        Assert.Equal((ChangeTree.Most, ChangeTree.Most + 5, true), (flat.Rows.Count, flat.Total.All, flat.HasMore));
    }

    [Fact]
    public void A_difference_has_some_lines_around_it()
    {
        var before = string.Concat(Enumerable.Range(1, 20).Select(static line => $"line {line}\n"));

        var lines = TextDiff.Of(before, before.Replace("line 10\n", "<b>ten</b>\n", StringComparison.Ordinal))!;

        Assert.Equal(
            [".", " 7", " 8", " 9", "-10", "+10", " 11", " 12", " 13"],
            lines.Select(static line => line.Kind switch
            {
                DiffKind.Gap => ".",
                DiffKind.Ours => $"+{line.OurNumber}",
                DiffKind.Theirs => $"-{line.TheirNumber}",
                _ => $" {line.OurNumber}",
            }));
        Assert.Equal("<b>ten</b>", lines.Single(static line => line.Kind == DiffKind.Ours).Text);
    }

    [Fact]
    public void Ends_of_lines_that_differ_are_seen() => Assert.Equal(
        ["same", "a", "a\\r"], TextDiff.Of("same\na\n", "same\na\r\n")!.Select(static line => line.Text));

    [Theory]
    [InlineData('\n')]
    [InlineData('\r')]
    public void Texts_of_too_many_lines_are_not_compared(char end) => Assert.Null(TextDiff.Of(new string(end, 20_000), ""));

    [Fact]
    public void What_an_archive_does_not_have_is_said()
    {
        var offer = new ArchiveOffers().Open("session", new("photos", null, null, Added: false), static () => { });
        offer.TryBegin("a.tar");
        offer.Add(new("photos", "a", "stamp", 1));
        offer.End(unreadable: 2);
        var plan = RevertDocument.None with { Reverted = 4 };

        Assert.Equal(
            "2 keys cannot be saved and will stay: encrypted with a key that only the client has (SSE-C). "
            + "1 key will stay: changed since they were counted, or hidden from clients.",
            RevertWords.NotSaved(offer, plan));
    }

    [Fact]
    public async Task A_query_of_another_kind_is_no_failure()
    {
        var client = await SignedInAsync();

        await client.PageAsync("/changes?flat=perhaps&bucket=photos&bucket=other");
        await client.PageAsync("/object?bucket=%00&key=%FF");
    }

    private static ChangeDocument Change(string key) =>
        new("b", key, ChangeKind.Added, Upstream.Unchanged, null, new(5, "\"e\"", null), null, null, "stamp");

    private static long[][] Ranges(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static range => range.Split('-').Select(long.Parse).ToArray())];

    [GeneratedRegex("[A-Za-z0-9+/_-]{40,}")]
    private static partial Regex LongWord();
}
