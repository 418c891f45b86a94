using System.Runtime.CompilerServices;
using System.Text;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol.Xml;

/// <summary>Documents are read into trees as the framework reads them, except for those that are too deep.</summary>
[Trait("Rule", "W8")]
public sealed class XmlTreeTests
{
    [Theory]
    [InlineData("<a/>")]
    [InlineData("<a> <b>x</b>\n<b/>y<![CDATA[<z>]]></a>")]
    [InlineData(
        "<?xml version=\"1.0\"?><a xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\" x=\"1\">"
        + "<b xmlns:p=\"urn:p\" p:y=\"&#13;\">&#1;&amp;</b><p:c xmlns:p=\"urn:q\"/></a> ")]
    public async Task A_tree_is_the_one_that_the_framework_makes(string document)
    {
        var expected = XElement.Load(Reader(document));
        Assert.True(XNode.DeepEquals(expected, XmlTree.Read(Reader(document))));
        Assert.True(XNode.DeepEquals(expected, await XmlTree.ReadAsync(Reader(document), CancellationToken.None)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<a>")]
    [InlineData("<a></b>")]
    [InlineData("<a/><b/>")]
    [InlineData("text")]
    public async Task What_is_no_document_is_refused(string document)
    {
        Assert.Throws<XmlException>(() => XmlTree.Read(Reader(document)));
        await Assert.ThrowsAsync<XmlException>(() => XmlTree.ReadAsync(Reader(document), CancellationToken.None));
    }

    [Fact]
    public async Task Depth_attributes_and_nodes_are_bounded()
    {
        static string Nested(int levels) => string.Concat(Enumerable.Repeat("<a>", levels))
            + string.Concat(Enumerable.Repeat("</a>", levels));
        static string Wide(int attributes) => $"<a {string.Join(' ', Enumerable.Range(0, attributes).Select(i => $"a{i}=\"\""))}/>";
        static string Long(int nodes) => $"<a>{string.Concat(Enumerable.Repeat("<b/>", nodes - 1))}</a>";
        foreach (var (kept, refused) in ((string, string)[])[(Nested(XmlTree.MaxDepth), Nested(XmlTree.MaxDepth + 1)),
            (Wide(XmlTree.MaxAttributes), Wide(XmlTree.MaxAttributes + 1)),
            (Long(XmlTree.MaxNodes), Long(XmlTree.MaxNodes + 1))])
        {
            XmlTree.Read(Reader(kept));
            Assert.Throws<XmlException>(() => XmlTree.Read(Reader(refused)));
            await Assert.ThrowsAsync<XmlException>(() => XmlTree.ReadAsync(Reader(refused), CancellationToken.None));
        }
    }

    [Theory]
    [InlineData("<a X/>", "n#=\"\" ")]
    [InlineData("<a>X</a>", "<n#/>")]
    [InlineData("<a>X</a>", "<n xmlns=\"u#\"/>")]
    public async Task Names_are_bounded(string document, string name)
    {
        Task ReadAsync(int names) => S3XmlReader.ReadAsync(EmbeddedBench.TextBody(document.Replace("X", string.Concat(
            Enumerable.Range(0, names).Select(i => name.Replace("#", $"{i}", StringComparison.Ordinal))), StringComparison.Ordinal)),
            CancellationToken.None);

        await ReadAsync(30);
        Assert.Equal(S3Errors.MalformedXml, (await Assert.ThrowsAsync<S3Exception>(() => ReadAsync(1001))).Error);
    }

    /// <summary>
    /// The framework keeps each name that it has seen as long as anything keeps its namespace: a program that did would grow with the names
    /// in documents of clients.
    /// </summary>
    [Theory]
    [InlineData("http://www.w3.org/2001/XMLSchema-instance")]
    [InlineData("http://s3.amazonaws.com/doc/2006-03-01/")]
    [InlineData("")]
    public async Task Names_are_forgotten_with_their_documents(string space)
    {
        ReadAcl();
        var name = NameIn(space);
        await Patience.UntilAsync(
            () =>
            {
                GC.Collect();
                return !name.IsAlive;
            },
            "A name stays.");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void ReadAcl() => AclDocuments.Read(XmlTree.Read(Reader(
            "<AccessControlPolicy><Owner/><AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
            + "xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>"
            + "</AccessControlList></AccessControlPolicy>")), "", Accounts.None);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference NameIn(string space) =>
            new(XmlTree.Read(Reader($"<n{Guid.NewGuid():n} xmlns=\"{space}\"/>")).Name);
    }

    private static XmlReader Reader(string document) =>
        XmlReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(document)),
            new XmlReaderSettings { Async = true, CheckCharacters = false });
}
