using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Transparency;

public sealed class DocumentedDifferencesTests
{
    [Fact]
    public void The_documentation_has_the_differences_as_the_tests_allow_them()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "compatibility.md"));
        Assert.Contains(AllowedDifferences.Documented, document, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_difference_has_its_reason() =>
        Assert.All(
            AllowedDifferences.Levelled.Select(allowed => allowed.Why).Concat(AllowedDifferences.OwnResponses.Select(own => own.Why)),
            why => Assert.NotEmpty(why));
}
