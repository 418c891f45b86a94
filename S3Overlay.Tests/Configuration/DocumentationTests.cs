using System.Text;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Configuration;

public sealed class DocumentationTests
{
    [Fact]
    public void The_documentation_has_the_table_of_settings_as_the_program_has_it()
    {
        var documented = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "configuration.md"))
            .Where(line => line.StartsWith("## ", StringComparison.Ordinal) || line.StartsWith("| `S3_OVERLAY_", StringComparison.Ordinal))
            .SkipWhile(line => line != "## " + Settings.All[0].Area)
            .TakeWhile(line => line != "## Keys of many clients");

        Assert.Equal(Expected(), string.Join('\n', documented));
    }

    [Fact]
    public void The_README_names_settings_and_defaults_as_the_program_has_them()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository.Root, "README.md"))
            .Where(line => line.StartsWith("| `S3_OVERLAY_", StringComparison.Ordinal)).Select(Cells).ToList();
        var settings = Settings.All.ToDictionary(setting => setting.Name);

        Assert.InRange(rows.Count, 10, 20);
        Assert.All(rows, row => Assert.Equal(Cells(settings[row.Name.Trim('`')].DocumentationRow).Default, row.Default));

        static (string Name, string Default) Cells(string row)
        {
            var cells = row.Split('|');
            return (cells[1].Trim(), cells[2].Trim());
        }
    }

    [Fact]
    public void Every_default_can_be_read_and_every_name_is_there_once()
    {
        Assert.All(Settings.Documented.Where(setting => setting.Default is not null), setting => setting.ParseValue(setting.Default!));
        Assert.Equal(Settings.Documented.Count, Settings.Documented.Select(setting => setting.Name).Distinct().Count());
        Assert.InRange(Settings.All.Count, 50, 100);
    }

    private static string Expected()
    {
        var text = new StringBuilder();
        foreach (var area in Settings.Documented.GroupBy(setting => setting.Area))
        {
            text.Append("## ").AppendLine(area.Key);
            text.AppendJoin('\n', area.Select(setting => setting.DocumentationRow)).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }
}
