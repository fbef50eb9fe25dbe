//! The schema as the datastore walks it: an arena of nodes, built from libyang once.

use std::{collections::BTreeSet, fmt, sync::Arc};

use thiserror::Error;
use yang5::{
    context::{Context, ContextFlags, EmbeddedModuleKey, EmbeddedModules},
    iter::NodeIterable,
    schema::{DataValueType, SchemaModule, SchemaNode, SchemaNodeKind},
};

use super::{LeafType, MODULES, spoken::spoken_of};

/// Index of a node. Ids grow in document order, list keys before other children, so a tree ordered by id prints rightly.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct NodeId(pub(super) u32);

/// A case of a choice: nodes of the same choice and different cases exclude each other (RFC 7950 section 7.9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChoiceId {
    /// Which choice.
    pub choice: u32,
    /// Which of its cases.
    pub case: u32,
}

/// What a node is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A container.
    Container {
        /// Whether its existence means something by itself.
        presence: bool,
    },
    /// A list with its keys; state lists may have none.
    List {
        /// Key leaves in the order of the `key` statement.
        keys: Vec<NodeId>,
    },
    /// A leaf.
    Leaf(LeafType),
    /// A leaf-list.
    LeafList(LeafType),
}

/// A data node of the schema. Choices and cases are folded into [`Node::case`].
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Index of its module in [`Schema::modules`]: the one whose namespace it is in.
    pub module: usize,
    /// What it is.
    pub kind: Kind,
    /// Whether it is configuration.
    pub config: bool,
    /// The node above.
    pub parent: Option<NodeId>,
    /// The nodes below, in order.
    pub children: Vec<NodeId>,
    /// The case it belongs to.
    pub case: Option<ChoiceId>,
    /// Whether it is a key of its list.
    pub is_key: bool,
    /// Whether it is a leaf whose value is its own affair: it is no reference, and no reference, condition or uniqueness speaks of it.
    pub alone: bool,
}

/// A module that is served.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: String,
    /// Its namespace.
    pub namespace: String,
    /// The prefix that it gives itself.
    pub prefix: String,
    /// Its text.
    pub text: &'static str,
}

/// Why the served modules do not make a schema. This is a fault of the modules, found at start.
#[derive(Debug, Error)]
pub enum SchemaError {
    /// libyang refuses a module.
    #[error("module {module} does not compile: {cause}")]
    Compile {
        /// The module.
        module: &'static str,
        /// What libyang says.
        cause: String,
    },
    /// A construct that this datastore does not hold.
    #[error("{path}: {what} is not supported by this datastore")]
    Unsupported {
        /// Where.
        path: String,
        /// What.
        what: &'static str,
    },
}

/// The compiled modules: libyang's context for validation, and the arena for everything else.
pub struct Schema {
    pub(crate) context: Context,
    modules: Vec<Module>,
    nodes: Vec<Node>,
    roots: Vec<NodeId>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({} modules, {} nodes)", self.modules.len(), self.nodes.len())
    }
}

impl Schema {
    /// Compiles [`MODULES`].
    ///
    /// # Errors
    /// When a module does not compile or uses what the datastore does not hold.
    pub fn load() -> Result<Arc<Self>, SchemaError> {
        let context = compile()?;
        let mut build = Build::default();
        build.spoken.extend(MODULES.iter().flat_map(|module| spoken_of(module.text)));
        for text in MODULES {
            let module = implemented(&context, text.name)?;
            build.modules.push(Module {
                name: text.name.into(),
                revision: module.revision().unwrap_or_default().into(),
                namespace: module.namespace().into(),
                prefix: module.prefix().into(),
                text: text.text,
            });
        }
        for text in MODULES {
            for node in implemented(&context, text.name)?.data() {
                if let Some(id) = build.add(&node, None, None)? {
                    build.roots.push(id);
                }
            }
        }
        let Build { modules, nodes, roots, .. } = build;
        Ok(Arc::new(Self { context, modules, nodes, roots }))
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// All modules, in the order of [`MODULES`].
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The module of a node.
    pub fn module_of(&self, id: NodeId) -> &Module {
        &self.modules[self.node(id).module]
    }

    /// The children of a node, or the top-level nodes.
    pub fn children(&self, parent: Option<NodeId>) -> &[NodeId] {
        parent.map_or(&self.roots, |id| &self.node(id).children)
    }

    /// The child of that name; where no module is named, any module's.
    pub fn child(&self, parent: Option<NodeId>, module: Option<&str>, name: &str) -> Option<NodeId> {
        self.children(parent).iter().copied().find(|id| {
            self.node(*id).name == name && module.is_none_or(|wanted| self.module_of(*id).name == wanted)
        })
    }

    /// The child of that name in a namespace.
    pub fn child_ns(&self, parent: Option<NodeId>, namespace: &str, name: &str) -> Option<NodeId> {
        self.children(parent)
            .iter()
            .copied()
            .find(|id| self.node(*id).name == name && self.module_of(*id).namespace == namespace)
    }

    /// The node at a path of plain names, such as `interfaces/interface/state`. For code that knows its modules.
    pub fn at(&self, path: &str) -> Option<NodeId> {
        path.split('/').try_fold(None, |parent, name| self.child(parent, None, name).map(Some))?
    }

    /// The type of a leaf or leaf-list.
    pub fn leaf_type(&self, id: NodeId) -> Option<LeafType> {
        match self.node(id).kind {
            Kind::Leaf(leaf) | Kind::LeafList(leaf) => Some(leaf),
            _ => None,
        }
    }

    /// The keys of a list; empty for every other node.
    pub fn keys(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            Kind::List { keys } => keys,
            _ => &[],
        }
    }

    /// The node's name as JSON and gNMI write it: with its module where that differs from the parent's.
    pub fn qualified(&self, id: NodeId) -> String {
        let node = self.node(id);
        match node.parent {
            Some(parent) if self.node(parent).module == node.module => node.name.clone(),
            _ => format!("{}:{}", self.modules[node.module].name, node.name),
        }
    }
}

fn compile() -> Result<Context, SchemaError> {
    let failed = |module, cause: yang5::Error| SchemaError::Compile { module, cause: explain(&cause) };
    let mut context = Context::new(ContextFlags::NO_YANGLIBRARY | ContextFlags::DISABLE_SEARCHDIRS)
        .map_err(|cause| failed("(context)", cause))?;
    let mut texts = EmbeddedModules::new();
    for module in MODULES {
        texts.insert(EmbeddedModuleKey::new(module.name, None, None, None), module.text);
    }
    context.set_embedded_modules(&texts);
    // Loaded one by one, each would have all that share imports with it compiled anew, and what that leaves free lies between what stays.
    let no_features: &[&str] = &[];
    let all: Vec<_> = MODULES.iter().map(|module| (module.name, None::<&str>, no_features)).collect();
    context.load_modules(&all).map_err(|cause| failed("(one of them)", cause))?;
    // The texts end with this function; the context must not look for them again.
    context.unset_embedded_modules();
    Ok(context)
}

fn implemented<'a>(context: &'a Context, name: &'static str) -> Result<SchemaModule<'a>, SchemaError> {
    context
        .get_module_implemented(name)
        .ok_or_else(|| SchemaError::Compile { module: name, cause: "it is not implemented".into() })
}

/// libyang's message with the place that it names.
pub(crate) fn explain(cause: &yang5::Error) -> String {
    let message = cause.msg.as_deref().unwrap_or("no reason given");
    cause.path.as_ref().map_or_else(|| message.to_owned(), |path| format!("{message} at {path}"))
}

#[derive(Default)]
struct Build {
    /// Names that references and conditions speak of.
    spoken: BTreeSet<String>,
    modules: Vec<Module>,
    nodes: Vec<Node>,
    roots: Vec<NodeId>,
    choices: u32,
    cases: u32,
}

impl Build {
    /// Adds a data node and all below. Rpcs and notifications are not data.
    fn add(
        &mut self,
        node: &SchemaNode<'_>,
        parent: Option<NodeId>,
        case: Option<ChoiceId>,
    ) -> Result<Option<NodeId>, SchemaError> {
        let unsupported =
            |what| SchemaError::Unsupported { path: node.path(yang5::schema::SchemaPathFormat::DATA), what };
        let module_name = node.module().name().to_owned();
        let module = self
            .modules
            .iter()
            .position(|m| m.name == module_name)
            .ok_or_else(|| unsupported("a module outside the served set"))?;
        let id = NodeId(u32::try_from(self.nodes.len()).expect("a schema has fewer than 2^32 nodes"));
        let kind = match node.kind() {
            SchemaNodeKind::Container => Kind::Container { presence: !node.is_np_container() },
            SchemaNodeKind::List => Kind::List { keys: Vec::new() },
            SchemaNodeKind::Leaf => Kind::Leaf(shape(node).ok_or_else(|| unsupported("this type"))?),
            SchemaNodeKind::LeafList => Kind::LeafList(shape(node).ok_or_else(|| unsupported("this type"))?),
            SchemaNodeKind::Rpc | SchemaNodeKind::Notification | SchemaNodeKind::Action => return Ok(None),
            _ => return Err(unsupported("this kind of node")),
        };
        if node.is_user_ordered() && node.is_config() {
            return Err(unsupported("ordered-by user"));
        }
        self.nodes.push(Node {
            name: node.name().into(),
            module,
            kind,
            config: node.is_config(),
            parent,
            children: Vec::new(),
            case,
            is_key: node.is_list_key(),
            alone: self.is_alone(node),
        });
        let keys: Vec<String> = match node.kind() {
            SchemaNodeKind::List => node.list_keys().map(|key| key.name().to_owned()).collect(),
            _ => Vec::new(),
        };
        self.add_children(node, id)?;
        if let Kind::List { .. } = self.nodes[id.0 as usize].kind {
            let keys = keys
                .iter()
                .filter_map(|name| {
                    let children = &self.nodes[id.0 as usize].children;
                    children.iter().copied().find(|c| self.nodes[c.0 as usize].name == *name)
                })
                .collect();
            self.nodes[id.0 as usize].kind = Kind::List { keys };
        }
        Ok(Some(id))
    }

    fn is_alone(&self, node: &SchemaNode<'_>) -> bool {
        let refers =
            |base| matches!(base, DataValueType::LeafRef | DataValueType::InstanceId | DataValueType::Union);
        let conditions = node.musts().into_iter().flatten().count() + node.whens().count();
        node.kind() == SchemaNodeKind::Leaf
            && node.leaf_type().is_some_and(|leaf| !refers(leaf.base_type()))
            && !node.is_list_key()
            && conditions == 0
            && !self.spoken.contains(node.name())
    }

    fn add_children(&mut self, node: &SchemaNode<'_>, id: NodeId) -> Result<(), SchemaError> {
        if node.first_child().is_none() {
            return Ok(());
        }
        let mut children: Vec<SchemaNode<'_>> = node.children().collect();
        children.sort_by_key(|child| !child.is_list_key());
        for child in children {
            if child.kind() != SchemaNodeKind::Choice {
                let added = self.add(&child, Some(id), None)?;
                self.nodes[id.0 as usize].children.extend(added);
                continue;
            }
            self.choices += 1;
            let choice = self.choices;
            for case in child.children() {
                self.cases += 1;
                let case_id = ChoiceId { choice, case: self.cases };
                for member in case.children() {
                    let added = self.add(&member, Some(id), Some(case_id))?;
                    self.nodes[id.0 as usize].children.extend(added);
                }
            }
        }
        Ok(())
    }
}

/// The shape of a leaf's type; none for types that no served module has.
fn shape(node: &SchemaNode<'_>) -> Option<LeafType> {
    let leaf = node.leaf_type()?;
    let base = leaf.leafref_real_type().map_or_else(|| leaf.base_type(), |real| real.base_type());
    Some(match base {
        DataValueType::Empty => LeafType::Empty,
        DataValueType::Bool => LeafType::Bool,
        DataValueType::Int8 | DataValueType::Int16 | DataValueType::Int32 => LeafType::Int { wide: false },
        DataValueType::Int64 => LeafType::Int { wide: true },
        DataValueType::Uint8 | DataValueType::Uint16 | DataValueType::Uint32 => {
            LeafType::Uint { wide: false }
        }
        DataValueType::Uint64 => LeafType::Uint { wide: true },
        DataValueType::IdentityRef => LeafType::Identity,
        DataValueType::Union => LeafType::Union,
        DataValueType::String | DataValueType::Enum | DataValueType::Bits | DataValueType::Binary => {
            LeafType::Text
        }
        _ => return None,
    })
}
